<?php

/**
 * The exceptions of the extension keyplate, for IDEs and static analysis: one for each class of the list of errors. (The trait
 * stands for the methods that each of them has; it does not exist.)
 */

namespace Keyplate\Exception;

/** @internal */
trait Facts
{
    public function getErrorCode(): string
    {
    }

    public function getErrorClass(): string
    {
    }

    public function getText(): string
    {
    }

    public function getAdvice(): string
    {
    }

    public function getRetryAfter(): ?float
    {
    }

    public function getTask(): ?\Keyplate\Task
    {
    }

    public function isOutcomeUnknown(): bool
    {
    }

    public function getProviderCode(): ?string
    {
    }

    public function getHttpStatus(): ?int
    {
    }

    public function getLimit(): ?string
    {
    }

    public function getLeft(): int|string|null
    {
    }
}

/** The program calls keyplate, or configures it, in a way that cannot be. */
class UsageException extends \InvalidArgumentException implements Exception
{
    use Facts;
}

/** Method or parameters are not right. Nothing was charged. */
class InvalidRequestException extends \InvalidArgumentException implements Exception
{
    use Facts;
}

/** There is no key, or not one that the service accepts. */
class AuthenticationException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The account has no funds. */
class InsufficientFundsException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The service does not accept this address, or banned it. */
class AddressException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The service has no room for the task just now. It was not accepted. */
class BusyException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The plan of the account is used up for now. */
class QuotaException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The service could not do the task. */
class TaskException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The task is not ready. (Client::result gives null then.) */
class TaskPendingException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The network failed. */
class TransportException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The answer is not one of this service. */
class ProtocolException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The service has trouble of its own. */
class ServerException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The time is over. A task that it names goes on, and can be waited for. */
class TaskTimeoutException extends \RuntimeException implements Exception
{
    use Facts;
}

/** A limit that was set for these calls is reached. */
class LimitExceededException extends \RuntimeException implements Exception
{
    use Facts;
}

/** Shared state or record could not be used. */
class StoreException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The call was ended. A task that it names goes on. */
class CancelledException extends \RuntimeException implements Exception
{
    use Facts;
}

/** The service answered with a code that this version does not know. */
class UnknownException extends \RuntimeException implements Exception
{
    use Facts;
}

/** A fault of keyplate, or memory is short. */
class InternalException extends \RuntimeException implements Exception
{
    use Facts;
}
