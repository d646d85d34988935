<?php

declare(strict_types=1);

namespace Keyplate\Monolog;

use Monolog\LogRecord;
use Monolog\Processor\ProcessorInterface;

/**
 * Takes keys out of the records of Monolog 2 and 3: message, context and extra, names included. A record that is clean
 * comes back as it is. Push it first: processors run in reverse order, and so it sees what all others have added.
 */
final class RedactingProcessor implements ProcessorInterface
{
    private const MOST_DEPTH = 16;

    /**
     * @param LogRecord|array<string, mixed> $record
     * @return LogRecord|array<string, mixed>
     */
    public function __invoke(array|LogRecord $record): array|LogRecord
    {
        if ($record instanceof LogRecord) {
            return $record->with(
                message: \Keyplate\redact($record->message),
                context: self::clean($record->context),
                extra: self::clean($record->extra),
            );
        }
        $record['message'] = \Keyplate\redact((string) ($record['message'] ?? ''));
        $record['context'] = self::clean($record['context'] ?? []);
        $record['extra'] = self::clean($record['extra'] ?? []);
        return $record;
    }

    /** The value, without keys: what is clean stays what it was, of what is not only text is left. */
    private static function clean(mixed $value, int $depth = 0): mixed
    {
        return match (true) {
            \is_string($value) => \Keyplate\redact($value),
            \is_array($value) => $depth < self::MOST_DEPTH ? self::cleanArray($value, $depth) : '…',
            $value instanceof \Throwable => self::cleanThrowable($value, $depth),
            $value instanceof \DateTimeInterface, $value instanceof \UnitEnum => $value,
            \is_object($value) => self::cleanObject($value),
            default => $value,
        };
    }

    /**
     * A name that stands before a value makes it one in context: "key" => "…".
     *
     * @param array<mixed> $values
     * @return array<mixed>
     */
    private static function cleanArray(array $values, int $depth): array
    {
        $clean = [];
        foreach ($values as $name => $value) {
            $shown = self::clean($value, $depth + 1);
            if (\is_string($name)) {
                if (\is_string($shown) && \Keyplate\redact("$name=x") !== "$name=x") {
                    $shown = '[REDACTED]';
                }
                $name = \Keyplate\redact($name);
            }
            $clean[$name] = $shown;
        }
        return $clean;
    }

    /** A trace shows the first characters of each argument: whatever has a key there loses all of them. */
    private static function cleanThrowable(\Throwable $value, int $depth): mixed
    {
        $text = '';
        $keep = true;
        for ($at = $value; $at !== null; $at = $at->getPrevious()) {
            $text .= ($text === '' ? '' : "\nfrom ") . $at::class . ": {$at->getMessage()} at {$at->getFile()}:{$at->getLine()}";
            foreach ($at->getTrace() as $number => $frame) {
                $arguments = $depth < self::MOST_DEPTH ? $frame['args'] ?? [] : [];
                $keep = $keep && self::clean($arguments, $depth + 1) === $arguments;
                $text .= "\n#$number " . ($frame['file'] ?? '') . ':' . ($frame['line'] ?? '') . ' '
                    . ($frame['class'] ?? '') . ($frame['type'] ?? '') . $frame['function'];
            }
        }
        $shown = \Keyplate\redact($text);
        return $keep && $shown === $text ? $value : $shown;
    }

    /** The object itself if what it shows is clean; its class if it cannot show itself: a log call does not throw for that. */
    private static function cleanObject(object $value): mixed
    {
        try {
            $text = $value instanceof \Stringable && !$value instanceof \JsonSerializable ? (string) $value : self::json($value);
        } catch (\Throwable) {
            return '[object ' . get_debug_type($value) . ']';
        }
        $shown = \Keyplate\redact($text);
        return $shown === $text ? $value : $shown;
    }

    /** What is not UTF-8 is shown too, as Monolog shows it. */
    private static function json(object $value): string
    {
        return (string) json_encode($value, JSON_PARTIAL_OUTPUT_ON_ERROR | JSON_INVALID_UTF8_SUBSTITUTE | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE);
    }
}
