<?php
// runner.php: follows the plan of the smoke scenario in PHP: makes the calls, prints one line of facts for each.
declare(strict_types=1);

use Keyplate\Client;
use Keyplate\Exception\Exception;
use Keyplate\Key;
use Keyplate\Raw;
use Keyplate\Redactor;
use Keyplate\Solution;
use Keyplate\Task;

const FLAGS = JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES;

/** Dollars as micro-dollars, exact. */
function micro(string $dollars): int
{
    [$whole, $rest] = explode('.', $dollars) + [1 => ''];
    return (int) ($whole . str_pad($rest, 6, '0'));
}

function amount(string $balance): array
{
    return ['balance' => $balance, 'micro' => micro($balance)];
}

function solution(?Solution $solution): array
{
    if ($solution === null) {
        return ['pending' => true];
    }
    $facts = ['answer' => $solution->answer, 'task' => $solution->task?->reference, 'provider' => $solution->provider, 'key' => $solution->key,
        'elapsed' => $solution->elapsed, 'polls' => $solution->polls ?: null, 'cost' => $solution->costUsd];
    return array_filter($facts, fn ($fact) => $fact !== null);
}

function submitted(Task $task): array
{
    return $task->solution ? solution($task->solution) : ['task' => $task->reference];
}

function error(Exception $error): array
{
    $facts = ['code' => $error->getErrorCode(), 'class' => $error->getErrorClass(), 'text' => $error->getText(), 'advice' => $error->getAdvice(),
        'retry_after' => $error->getRetryAfter(), 'task' => $error->getTask()?->reference, 'unknown' => $error->isOutcomeUnknown(),
        'provider_code' => $error->getProviderCode(), 'http_status' => $error->getHttpStatus(),
        'limit' => $error->getLimit(), 'left' => $error->getLeft()];
    return ['error' => array_filter($facts, fn ($fact) => $fact !== null)];
}

function params(array $args): array
{
    $params = $args['params'] ?? [];
    return isset($args['file']) ? $params + ['file' => file_get_contents($args['file'])] : $params;
}

function redact(array $args): array
{
    if (!isset($args['parts'])) {
        return ['text' => Keyplate\redact($args['text'])];
    }
    $redactor = new Redactor;
    return ['text' => implode('', array_map([$redactor, 'feed'], $args['parts'])) . $redactor->close()];
}

/** Cancelled before it began: with the raw functions, which drive operations step by step. */
function cancel(array $options, array $args): array
{
    $config = Raw\kp_config_new();
    Raw\kp_config_load($config, json_encode($options, FLAGS));
    $client = Raw\kp_client_new($config);
    $op = Raw\kp_op_new($client, Raw\KP_SOLVE);
    Raw\kp_op_set($op, 'method', $args['method']);
    Raw\kp_op_set($op, 'params', json_encode($args['params'] ?? new stdClass, FLAGS));
    Raw\kp_run_cancel($op);
    Raw\kp_run(Raw\kp_runner_new($client), $op);
    $facts = ['unknown' => Raw\kp_op_get($op, 'unknown') !== null];
    foreach (['code', 'class', 'text', 'advice', 'task'] as $name) {
        $facts[$name] = Raw\kp_op_get($op, $name);
    }
    return ['error' => array_filter($facts, fn ($fact) => $fact !== null)];
}

function report(Client $c, string $task, bool $good): array
{
    $c->report($task, $good);
    return ['reported' => true];
}

function paused(Client $c, string $call, array $args): array
{
    $c->$call(...$args);
    return ['done' => true];
}

function call(Client $c, string $call, array $args, callable $task): array
{
    $timeout = $args['timeout'] ?? null;
    $for = ['clientId' => $args['client_id'] ?? null, 'tags' => $args['tags'] ?? []];
    return match ($call) {
        'new' => [],
        'balance' => amount($c->balance()),
        'verify' => amount($c->verify(...$args)),
        'rotate' => ['rotated' => $c->rotate(...$args)],
        'submit' => submitted($c->submit($args['method'], params($args), ...$for)),
        'solve' => solution($c->solve($args['method'], params($args), $timeout, $args['sync'] ?? false, ...$for)),
        'result' => solution($c->result($task($args['task']))),
        'wait' => solution($c->wait($task($args['task']), $timeout)),
        'report' => report($c, $task($args['task']), $args['good']),
        'keys' => ['keys' => $c->keys()],
        'limits' => ['limits' => $c->limits(clientId: $for['clientId'])],
        'metrics' => ['metrics' => $c->metrics()],
        'pause', 'resume' => paused($c, $call, $args),
    };
}

function client(array $wanted): Client
{
    $key = isset($wanted['value_of']) ? Key::fromValue(strtok(file_get_contents($wanted['value_of']), "\n")) : null;
    return new Client(config: false, key: $key, options: $wanted['options']);
}

$plan = json_decode(file_get_contents($argv[1]), true, 64, JSON_THROW_ON_ERROR);
$wanted = array_column($plan['clients'], null, 'name');
$clients = $tasks = [];
$task = function (string $name) use (&$tasks): string {
    return $name !== '' && $name[0] === '@' ? $tasks[substr($name, 1)] ?? '' : $name;
};

$follow = function (array $step) use (&$clients, $wanted, $task): array {
    if ($step['call'] === 'redact') {
        return redact($step['args']);
    }
    $name = $step['client'];
    try {
        $clients[$name] ??= client($wanted[$name]);
    } catch (Exception $problem) {
        return ['refused' => $problem->getMessage()];
    }
    try {
        return $step['call'] === 'cancel' ? cancel($wanted[$name]['options'], $step['args'])
            : call($clients[$name], $step['call'], $step['args'], $task);
    } catch (Exception $problem) {
        return error($problem);
    }
};

foreach ($plan['steps'] as $step) {
    $facts = $follow($step);
    $tasks[$step['name']] = $facts['task'] ?? null;
    echo json_encode(['step' => $step['name']] + $facts, FLAGS), "\n";
}
