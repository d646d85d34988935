--TEST--
limits of paid calls: who they are for, what they cost, what is left, pause, tags in the record
--EXTENSIONS--
pcntl
posix
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Client;
use Keyplate\Exception\InvalidRequestException;
use Keyplate\Exception\LimitExceededException;
use Keyplate\Exception\UsageException;
use Keyplate\Key;
use Keyplate\Task;

const PARAMS = ['sitekey' => 'a', 'pageurl' => PAGE];
const PRICES = ['turnstile' => '0.001', '*' => '0.0005'];
const BUDGET = ['limits' => ['usd_per_24h' => '5.00', 'per_24h' => 10, 'by' => ['client_id:*' => ['usd_per_24h' => '0.0015']]], 'prices' => PRICES];

function refused(string $code, callable $call): LimitExceededException
{
    $error = thrown($call, LimitExceededException::class);
    same([$code, 'limit', false], [$error->getErrorCode(), $error->getErrorClass(), $error->isOutcomeUnknown()]);
    return $error;
}

function limit_of(array $told, string $name, string $scope = 'all'): array
{
    foreach ($told['limits'] as $limit) {
        if ([$limit['scope'], $limit['name']] === [$scope, $name]) {
            return $limit;
        }
    }
    throw new LogicException("there is no limit $name of $scope");
}

test('a budget is spent, told and refuses', function () {
    $service = service('good');
    $c = client($service, BUDGET);
    same('0.001', $c->solve('turnstile', PARAMS, clientId: 'team-a')->costUsd);
    $error = refused('budget_spent', fn () => $c->solve('turnstile', PARAMS, 20, false, 'team-a', ['env' => 'prod']));
    same(['usd_per_24h of client_id:team-a', '0.0005'], [$error->getLimit(), $error->getLeft()]);
    check($error->getRetryAfter() > 0);
    same(1, seen($service, 'submit'));
    $told = $c->limits();
    $spent = limit_of($told, 'usd_per_24h');
    same(['5', '0.001', '4.999'], [$spent['limit'], $spent['used'], $spent['left']]);
    check($spent['resets_at'] === null); // there is room
    $count = limit_of($told, 'per_24h');
    same([10, 1, 9, 'refuse', false], [$count['limit'], $count['used'], $count['left'], $count['policy'], $count['shadow']]);
    same('0.0005', limit_of($c->limits(clientId: 'team-a', method: 'turnstile', timeout: 20), 'usd_per_24h', 'client_id:team-a')['left']);
    same([[], null, 'ok', 2], [$told['windows'], $told['paused'], $told['store'], count($told['limits'])]);
    $task = $c->submit('turnstile', PARAMS, clientId: 'team-b');
    same(['0.001', null], [$task->costUsd, $c->wait($task)->costUsd]);
});

test('a count is left as a number', function () {
    $c = client(service('good'), ['limits.per_24h' => 1]);
    same(null, $c->solve('turnstile', PARAMS)->costUsd);
    $error = refused('budget_spent', fn () => $c->submit('turnstile', PARAMS));
    same(['per_24h', 0], [$error->getLimit(), $error->getLeft()]);
});

test('rates, tasks under way and windows', function () {
    foreach (['rate_reached' => 'per_hour', 'too_many_tasks' => 'concurrent'] as $code => $name) {
        $c = client(service('good'), ['limits' => [$name => 1]]);
        $c->submit('turnstile', PARAMS);
        same($name, refused($code, fn () => $c->submit('turnstile', PARAMS))->getLimit());
    }
    $day = gmdate('D', time() + 2 * 86400);
    $c = client(service('good'), ['limits' => ['window' => "$day 00:00-24:00 UTC"]]);
    check(refused('outside_window', fn () => $c->submit('turnstile', PARAMS))->getRetryAfter() > 0);
    [$window] = $c->limits()['windows'];
    same(['all', false, true], [$window['scope'], $window['open'], is_string($window['opens_at'])]);
});

test('pause and resume', function () {
    $service = service('good');
    $c = client($service);
    $task = $c->submit('turnstile', PARAMS);
    $c->pause('100 % "enough"', duration: 3600);
    $wait = refused('paused', fn () => $c->solve('turnstile', PARAMS))->getRetryAfter();
    check($wait > 0 && $wait <= 3600);
    check($c->wait($task)->answer !== '');
    $pause = $c->limits()['paused'];
    same('100 % "enough"', $pause['reason']);
    check($pause['left_ms'] > 0 && $pause['left_ms'] <= 3600000 && is_string($pause['until']));
    $c->resume(timeout: 20);
    same(null, $c->limits()['paused']);
    $c->submit('turnstile', PARAMS);
    $c->pause();
    refused('paused', fn () => $c->submit('turnstile', PARAMS));
    same('', $c->limits()['paused']['reason']);
    same(2, seen($service, 'submit'));
});

test('metrics count the calls of this client', function () {
    $c = client(service('good'), ['limits' => ['per_24h' => 1]]);
    $c->submit('turnstile', PARAMS);
    refused('budget_spent', fn () => $c->submit('turnstile', PARAMS));
    check(str_contains($c->metrics(), 'keyplate_calls_total{provider="captchaai",method="turnstile",code="ok"} 1' . "\n"), $c->metrics());
    check(str_contains($c->metrics(timeout: 5), 'code="budget_spent"} 1' . "\n"));
});

test('the record has caller, tags and cost, and the service gets none of them', function () {
    $path = getenv('KP_TMP') . '/audit.jsonl';
    $c = client(service('parameters'), ['audit' => ['file' => $path], 'tags' => ['service' => 'checkout', 'env' => 'prod'], 'prices' => PRICES]);
    $c->submit('turnstile', PARAMS, clientId: 'team-a', tags: ['env' => "a\nb", 'who' => 'x']);
    foreach (file($path) as $line) {
        $record = json_decode($line, true, 8, JSON_THROW_ON_ERROR);
        same(['team-a', 1000], [$record['client_id'], $record['cost_micro']]);
        same(['checkout', "a\nb", 'x'], [$record['tags']['service'], $record['tags']['env'], $record['tags']['who']]);
    }
    $sent = file_get_contents(getenv('KP_SEEN'));
    check(str_contains($sent, '"sitekey"'));
    foreach (['client_id', 'clientId', 'team-a', 'tags', 'checkout'] as $word) {
        check(!str_contains($sent, $word), $word);
    }
});

test('wrong options', function () {
    foreach ([['limits' => ['usd_per_day' => '5']], ['limits' => ['usd_per_day' => 'much'], 'prices' => PRICES], ['limits' => ['per_week' => 1]],
              ['limits' => 5], ['tags' => ['a' => 1]], ['prices' => ['*' => '-1']], ['balance' => ['alert_below' => '10']],
              ['limits' => ['by' => ['nobody:x' => ['per_day' => 1]]]]] as $options) {
        thrown(fn () => client('good', $options), UsageException::class);
    }
    $c = new Client(config: false, store: 'memory:', balance: ['alert_below' => ['10', '2'], 'pause_below' => '0.50'], tags: ['service' => 'a'],
                    audit: ['key' => 'env:NOBODY_SET_THIS'], limits: ['on_limit' => 'wait']);
    same(['["10","2"]', '0.50', '{"service":"a"}', 'wait'],
         array_map([$c, 'option'], ['balance.alert_below', 'balance.pause_below', 'tags', 'limits.on_limit']));
});

test('wrong arguments', function () {
    $service = service('good');
    $c = client($service);
    foreach ([['clientId' => []], ['tags' => 'a'], ['tags' => null]] as $wrong) {
        thrown(fn () => $c->submit('turnstile', PARAMS, ...$wrong), TypeError::class);
    }
    foreach ([['a'], ['a' => 1], ['a b' => 'c'], ['a' => "b\0c"], ['' => 'c'], ["a\0b" => 'c'], ['a' => str_repeat('x', 257)], ['a' => null]] as $tags) {
        same('misuse', thrown(fn () => $c->solve('turnstile', PARAMS, tags: $tags), UsageException::class)->getErrorCode());
    }
    foreach (['team a', "a\nb", str_repeat('x', 65), "\xff"] as $name) {
        same('bad_parameter', thrown(fn () => $c->solve('turnstile', PARAMS, clientId: $name), InvalidRequestException::class)->getErrorCode());
    }
    foreach ([fn () => $c->limits(clientId: []), fn () => $c->limits('a', []), fn () => $c->pause([]), fn () => $c->pause('a', 'b'),
              fn () => $c->resume('a'), fn () => $c->metrics('a')] as $wrong) {
        thrown($wrong, TypeError::class);
    }
    foreach ([fn () => $c->pause("a\0b"), fn () => $c->pause('a', 0), fn () => $c->pause('a', -1.5), fn () => $c->pause('a', INF)] as $wrong) {
        thrown($wrong, UsageException::class);
    }
    $text = 'value';
    $tags = ['a' => &$text];
    check($c->submit('turnstile', PARAMS, tags: $tags)->reference !== '');
    same(1, seen($service, 'submit'));
    same(null, $c->limits()['paused']);
});

test('k9_limits_show_no_key', function () {
    $key = made_key();
    $c = client(service('good'), ['key' => Key::fromValue($key), 'limits' => ['per_24h' => 1, 'by' => ['client_id:*' => ['per_24h' => 1]]]]);
    $c->pause("because of $key", 60);
    try {
        $c->submit('turnstile', PARAMS, clientId: $key, tags: ['a' => $key]);
        check(false);
    } catch (\Keyplate\Exception\InvalidRequestException $error) {
        check($error->getErrorCode() === 'bad_parameter');
    }
    foreach ([$c->limits(), $c->limits($key), $c->metrics(), $error, $c->events()] as $thing) {
        same(null, fragment_of($key, shown($thing)));
    }
    same('because of ' . MASK, $c->limits()['paused']['reason']);
});

test('k12_a_refusal_and_costs_go_through_queues', function () {
    $c = client(service('good'), BUDGET);
    $task = $c->submit('turnstile', PARAMS, clientId: 'b');
    $solution = $c->solve('turnstile', PARAMS, clientId: 'a');
    $error = refused('budget_spent', fn () => $c->submit('turnstile', PARAMS, clientId: 'a'));
    $again = unserialize(serialize($error));
    same(LimitExceededException::class, get_class($again));
    foreach (['getMessage', 'getErrorCode', 'getRetryAfter', 'getLimit', 'getLeft'] as $get) {
        same($error->$get(), $again->$get(), $get);
    }
    same('0.001', unserialize(serialize($task))->costUsd);
    same('0.001', unserialize(serialize($solution))->costUsd);
    same(['1.5', null], [(new Task('4711', null, '1.5'))->costUsd, (new Task('4711'))->costUsd]);
});

test('k8_a_child_shares_the_budget_of_a_file', function () {
    $c = client(service('good'), ['limits' => ['per_24h' => 2], 'store' => 'sqlite:' . getenv('KP_TMP') . '/store.db']);
    $c->submit('turnstile', PARAMS);
    $pid = pcntl_fork();
    if ($pid === 0) {
        try {
            $c->submit('turnstile', PARAMS);
            refused('budget_spent', fn () => $c->submit('turnstile', PARAMS));
        } catch (Throwable $problem) {
            fwrite(STDERR, "child: {$problem->getMessage()}\n");
            posix_kill(getmypid(), SIGKILL);
        }
        exit(0);
    }
    pcntl_waitpid($pid, $status);
    same(0, $status, 'the child');
    refused('budget_spent', fn () => $c->submit('turnstile', PARAMS));
    same(0, limit_of($c->limits(), 'per_24h')['left']);
});
echo "done\n";
?>
--EXPECT--
done
