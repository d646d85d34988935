<?php

/**
 * The classes and functions of the extension keyplate, for IDEs and static analysis. face/arginfo.h is made of it
 * (php gen_stub.php keyplate.stub.php).
 *
 * @generate-class-entries
 * @generate-legacy-arginfo 80100
 */

namespace Keyplate {
    /**
     * A client of one service. Each call blocks until it is over; signals and time limits of PHP get their turn meanwhile.
     *
     * @not-serializable
     * @strict-properties
     */
    class Client
    {
        /**
         * provider: captchaai or nocaptchaai. key: one member of the ring: a reference such as "file:PATH" or "env:NAME", a
         * Key, a closure that gives the key, or ["name" => …, "from" => […]], with "not_after" and "window" if it has an end
         * or its hours; keys: a list of them. Without both, the default places are looked at. config: path of a
         * configuration file in place of the usual one; false: neither file nor variables. log gets the events:
         * fn(string $level, string $message, array $event). options: those of `keyplate help config`, as
         * ["poll" => ["every" => "2s"]]; they can also be given by name: timeout: "60s". profile picks one of the profiles,
         * of the configuration file or given here: profiles: ["dev" => ["keys" => ["env:DEV_KEY"]]].
         */
        public function __construct(
            ?string $provider = null,
            #[\SensitiveParameter] Key|\Closure|array|string|null $key = null,
            #[\SensitiveParameter] ?array $keys = null,
            string|bool|null $config = null,
            \Closure|\Psr\Log\LoggerInterface|null $log = null,
            #[\SensitiveParameter] array $options = [],
            #[\SensitiveParameter] mixed ...$more
        ) {}

        /**
         * The same, but connections and state live as long as this process: under php-fpm the next request of the worker
         * that asks with the same arguments gets them again.
         */
        public static function shared(
            ?string $provider = null,
            #[\SensitiveParameter] Key|\Closure|array|string|null $key = null,
            #[\SensitiveParameter] ?array $keys = null,
            string|bool|null $config = null,
            \Closure|\Psr\Log\LoggerInterface|null $log = null,
            #[\SensitiveParameter] array $options = [],
            #[\SensitiveParameter] mixed ...$more
        ): static {}

        /** What the account has, in the unit of the service, exact. */
        public function balance(int|float|null $timeout = null): string {}

        /** Proves the key by one balance call. now: one that cools off after a refusal too, once. */
        public function verify(int|float|null $timeout = null, bool $now = false): string {}

        /**
         * Reads the places of a key again, proves what is new there by one balance call and puts it in use. name: of a
         * member of the ring; null: the first. Gives the key that is in use then, masked: name, masked, fingerprint, source.
         */
        public function rotate(?string $name = null, int|float|null $timeout = null): array {}

        /**
         * Submits a task and gives its reference. It is sent at most once. Among params, "file" has the bytes of an upload.
         * timeout: seconds. clientId (who the call is for) and tags (texts by name) are for limits and the record, and are not
         * sent: no service has parameters of these names.
         */
        public function submit(
            string $method,
            #[\SensitiveParameter] array $params = [],
            int|float|null $timeout = null,
            bool $sync = false,
            ?string $clientId = null,
            #[\SensitiveParameter] array $tags = []
        ): Task {}

        /** Submits a task and waits for its answer. */
        public function solve(
            string $method,
            #[\SensitiveParameter] array $params = [],
            int|float|null $timeout = null,
            bool $sync = false,
            ?string $clientId = null,
            #[\SensitiveParameter] array $tags = []
        ): Solution {}

        /** Asks once; null while the task is not ready. */
        public function result(Task|string $task, int|float|null $timeout = null): ?Solution {}

        /** Waits for the answer. */
        public function wait(Task|string $task, int|float|null $timeout = null): Solution {}

        /** Tells the service whether its answer was good. */
        public function report(Task|string $task, bool $good, int|float|null $timeout = null): void {}

        /** The keys of the ring, masked: where each was found, its state, age and end, and who uses it. */
        public function keys(int|float|null $timeout = null): array {}

        /**
         * The limits of paid calls: "limits" is a list of scope, name, limit, used, left (dollars as string, counts as int; null
         * while the store cannot be asked), resets_at, policy, shadow; "windows" one of scope, open, opens_at; "paused" is null
         * or has left_ms, until and reason; "store" is "ok" or "away". clientId, method: whose limits are told where each one
         * has limits of its own.
         */
        public function limits(?string $clientId = null, ?string $method = null, int|float|null $timeout = null): array {}

        /** What this client has counted, in the text format of Prometheus. */
        public function metrics(int|float|null $timeout = null): string {}

        /**
         * No paid calls of all that share the store, for so many seconds (duration), or until resume(). What was paid is still
         * waited for. limits() tells the reason.
         */
        public function pause(
            ?string $reason = null,
            int|float|null $duration = null,
            int|float|null $timeout = null
        ): void {}

        /** Paid calls go on. */
        public function resume(int|float|null $timeout = null): void {}

        /** What protects the keys of this process less than it should: name, text and advice of each. */
        public function hygiene(): array {}

        /** What happened and was not told yet, the oldest first. With $log, it has been told there. */
        public function events(): array {}

        /** The value of an option as text; null if there is no such option. */
        public function option(string $name): ?string {}

        /** Twice is fine. What shared() keeps is kept. */
        public function close(): void {}

        public function __debugInfo(): array {}
    }

    /** The reference of a task, such as captchaai/primary~1a2b3c4d/123: it says which key submitted it. */
    final class Task implements \Stringable, \JsonSerializable
    {
        /** Empty if the service answered at once. */
        public readonly string $reference;
        /** Empty for a bare id. */
        public readonly string $provider;
        /** The name of the key that submitted it; empty for a bare id. */
        public readonly string $key;
        /** The service's own id. */
        public readonly string $id;
        /** The answer, if the service answered at once. */
        public readonly ?Solution $solution;
        /** What it cost, if the option prices says so. */
        public readonly ?string $costUsd;

        public function __construct(string $reference, ?Solution $solution = null, ?string $costUsd = null) {}

        public function __toString(): string {}

        public function jsonSerialize(): string {}
    }

    /** The answer to a task. As text it is the answer. */
    final class Solution implements \Stringable
    {
        public readonly string $answer;
        public readonly ?Task $task;
        public readonly string $provider;
        /** The key that was used, masked. */
        public readonly string $key;
        /** Seconds. */
        public readonly float $elapsed;
        public readonly int $polls;
        /** What it cost, if the option prices says so. */
        public readonly ?string $costUsd;

        public function __construct(
            string $answer,
            ?Task $task = null,
            string $provider = "",
            string $key = "",
            float $elapsed = 0.0,
            int $polls = 0,
            ?string $costUsd = null
        ) {}

        public function __toString(): string {}
    }

    /**
     * A key by value, for programs whose framework holds it already. A reference to a place, such as "file:PATH", is better:
     * a string of PHP cannot be wiped.
     *
     * @not-serializable
     * @strict-properties
     */
    final class Key implements \Stringable
    {
        private function __construct() {}

        /** A copy of the key in guarded memory. From now on no redactor shows it. */
        public static function fromValue(#[\SensitiveParameter] string $value): Key {}

        /** "***" and the last four characters. */
        public function __toString(): string {}

        public function __debugInfo(): array {}
    }

    /**
     * Redacts a stream that comes in parts, split anywhere.
     *
     * @not-serializable
     * @strict-properties
     */
    final class Redactor
    {
        /**
         * client: whose keys are known too, and whose redact options hold. bareHex: "always", "context" or "off": whether a
         * run of 32 hex digits is taken for a key.
         */
        public function __construct(?Client $client = null, ?string $bareHex = null) {}

        /** What may be shown now; the rest is held back until more is known. */
        public function feed(#[\SensitiveParameter] string $part): string {}

        /** What was held back. The redactor is closed then; a second time gives nothing. */
        public function close(): string {}
    }

    /** The text without keys: each is replaced by [REDACTED]. */
    function redact(#[\SensitiveParameter] string $text): string {}

    /** All errors that this version knows: code, class, text, advice, exception. */
    function errors(): array {}

    /** What protects the keys of this process less than it should. */
    function hygiene(): array {}
}

namespace Keyplate\Exception {
    /** What every failure of keyplate is. Its message names the cause, and has no key in it; its trace has no arguments. */
    interface Exception extends \Throwable
    {
        /** The service's own word (ERROR_ZERO_BALANCE) or ours (no_key). */
        public function getErrorCode(): string;

        /** What a program decides by: usage, input, key, funds, … */
        public function getErrorClass(): string;

        /** What it means, without code and advice. */
        public function getText(): string;

        /** What to do about it. */
        public function getAdvice(): string;

        /** Seconds. */
        public function getRetryAfter(): ?float;

        /** The reference of a task that was accepted. */
        public function getTask(): ?\Keyplate\Task;

        /** A submit was sent, and its answer was lost: it counts as spent. */
        public function isOutcomeUnknown(): bool;

        public function getProviderCode(): ?string;

        public function getHttpStatus(): ?int;

        /** The name of the limit that refused, such as "usd_per_day" or "per_day of client_id:team-a". */
        public function getLimit(): ?string;

        /** What is left of it: dollars as string, or a count. */
        public function getLeft(): int|string|null;
    }
}
