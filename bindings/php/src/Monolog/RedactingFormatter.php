<?php

declare(strict_types=1);

namespace Keyplate\Monolog;

use Monolog\Formatter\FormatterInterface;
use Monolog\LogRecord;

/**
 * Around another formatter, of Monolog 2 or 3: what comes out of that has no key. The record is cleaned before, too: what a
 * formatter cuts short, a trace's arguments for instance, is a part of a key that nobody can recognise any more.
 */
final class RedactingFormatter implements FormatterInterface
{
    private RedactingProcessor $processor;

    public function __construct(private FormatterInterface $inner)
    {
        $this->processor = new RedactingProcessor();
    }

    /** @param LogRecord|array<string, mixed> $record */
    public function format(array|LogRecord $record): mixed
    {
        return self::clean($this->inner->format(($this->processor)($record)));
    }

    /** @param array<LogRecord|array<string, mixed>> $records */
    public function formatBatch(array $records): mixed
    {
        return self::clean($this->inner->formatBatch(array_map($this->processor, $records)));
    }

    private static function clean(mixed $formatted): mixed
    {
        if (\is_string($formatted)) {
            return \Keyplate\redact($formatted);
        }
        if (\is_array($formatted)) {
            $names = array_map(static fn ($name) => \is_string($name) ? \Keyplate\redact($name) : $name, array_keys($formatted));
            return $formatted === [] ? [] : array_combine($names, array_map(self::clean(...), $formatted));
        }
        return $formatted;
    }
}
