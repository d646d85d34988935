--TEST--
what services answer and how they fail: every case of answers.json, rows P1 to P7, T6, T12
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Client;
use Keyplate\Exception\Exception;
use Keyplate\Exception\ProtocolException;
use Keyplate\Exception\TaskTimeoutException;
use Keyplate\Exception\TransportException;
use Keyplate\Key;

const PAID = ['captchaai' => ['turnstile', ['sitekey' => 'a', 'pageurl' => PAGE]], 'nocaptchaai' => ['SomeTask', ['websiteKey' => 'a']]];

function call(Client $c, string $call, string $provider): mixed
{
    return match ($call) {
        'balance' => $c->balance(timeout: 60),
        'report' => $c->report('4711', true, 60),
        'result' => $c->result('4711', timeout: 60),
        'submit' => $c->submit(...PAID[$provider], timeout: 60),
        'sync' => $c->solve(...PAID[$provider], timeout: 60, sync: true),
    };
}

function judge_error(array $case, Exception $error, string $said): void
{
    $expect = $case['expect'];
    if ($expect['error'] === 'unknown_code') {
        same('unknown', $error->getErrorClass(), $said);
    } else {
        same($expect['error'], $error->getErrorCode(), $said);
    }
    if (isset($expect['provider_code'])) {
        same($expect['provider_code'], $error->getProviderCode() ?? '', $said);
    }
    $row = array_column(Keyplate\errors(), 'exception', 'class')[$error->getErrorClass()];
    same($row, $error::class, $said);
    if (in_array($case['call'], ['submit', 'sync']) && ($error instanceof ProtocolException || $expect['error'] === 'server_error')) {
        check($error->isOutcomeUnknown(), $said);
    }
}

function judge(array $case): void
{
    $expect = $case['expect'];
    $said = "$case[name] ($case[provider])";
    $c = client($case['service'], ['provider' => $case['provider']]);
    try {
        $value = call($c, $case['call'], $case['provider']);
    } catch (Exception $error) {
        check(isset($expect['error']), "$said: {$error->getMessage()}");
        judge_error($case, $error, $said);
        $value = $error;
    }
    if (!$value instanceof Exception) {
        if (isset($expect['error'])) {
            check($expect['error'] === 'pending' && $case['call'] === 'result' && $value === null, "$said: no error");
        } elseif ($case['call'] === 'balance') {
            same($expect['balance'], $value, $said);
        } elseif ($case['call'] === 'submit' && isset($expect['task'])) {
            same($expect['task'], $value->id, $said);
        } elseif ($case['call'] === 'submit') {
            same('', (string) $value, $said);
            same($expect['answer'], $value->solution->answer, $said);
            same($value->solution, $c->wait($value), $said);
        } elseif (isset($expect['answer'])) {
            same($expect['answer'], $value->answer, $said);
        } elseif (isset($expect['task'])) {
            same($expect['task'], $value->task->id, $said);
        } else {
            same('report', $case['call'], $said);
        }
    }
    if (in_array($case['call'], ['submit', 'sync'])) {
        same(1, seen($case['service'], 'submit'), $said);
    }
    $c->close();
}

/** Each case whose name begins so; "Retry-After" in its answer says that reads are asked once. */
function replay(string $row): void
{
    global $cases;
    $own = array_filter($cases, fn ($case) => str_starts_with($case['name'], $row));
    check(count($own) >= 5, 'there are too few cases');
    array_map('judge', $own);
    $cases = array_diff_key($cases, $own);
}

$cases = json_decode(file_get_contents(getenv('KP_CASES')), true, 64, JSON_THROW_ON_ERROR);
test('p1_nothing_useful', fn () => replay('p1_'));
test('p2_numbers_and_nesting', fn () => replay('p2_'));
test('p3_twice_and_ill_encoded', fn () => replay('p3_'));
test('p4_payloads_unchanged', fn () => replay('p4_'));
test('p5_task_ids', fn () => replay('p5_'));
test('p6_unknown_codes', fn () => replay('p6_'));
test('p7_nocaptchaai', fn () => replay('p7_'));
test('t9_waits_that_services_ask_for', fn () => replay('t9_'));
test('t14_server_errors', fn () => replay('t14_'));
test('codes of both services', fn () => replay('code_'));
test('plain answers to each call', function () {
    foreach (['submit_', 'result_', 'balance_', 'report_'] as $call) {
        replay($call);
    }
});
test('no case is left', fn () => same([], array_column($cases, 'name')));

test('p7_idle_for_ever_ends_with_the_deadline', function () {
    $c = client(service('idle'), ['provider' => 'nocaptchaai']);
    $error = thrown(fn () => $c->wait('4711', timeout: 0.4), TaskTimeoutException::class);
    same('timeout', $error->getErrorClass());
    same('4711', $error->getTask()->id);
});

function t6(string $how): void
{
    $service = service($how);
    $error = thrown(fn () => client($service)->submit(...PAID['captchaai']), TransportException::class);
    check($error->isOutcomeUnknown());
    same(null, $error->getTask());
    same(1, seen($service, 'submit'));

    $service = service($how);
    $c = client($service);
    $c->balance();
    $error = thrown(fn () => $c->solve(...PAID['captchaai'], timeout: 20), TransportException::class);
    same('connection_lost', $error->getErrorCode());
    check($error->isOutcomeUnknown());
    same(1, seen($service, 'submit'));
}
test('t6_one_submit_when_it_is_closed', fn () => t6('close'));
test('t6_one_submit_when_it_is_reset', fn () => t6('reset'));

test('t12_is_masked_in_errors', function () {
    $key = made_key();
    $c = client(service('echo_error'), ['key' => Key::fromValue($key)]);
    foreach (['submit', 'result'] as $call) {
        $error = thrown(fn () => call($c, $call, 'captchaai'));
        $text = $error . shown($error);
        same(null, fragment_of($key, $text));
        check(!str_contains($text, base64_encode($key)) && !str_contains(strtolower($text), bin2hex($key)));
    }
});

test('t12_answers_lose_the_exact_key_only', function () {
    $key = made_key();
    $c = client(service('echo_answer'), ['key' => Key::fromValue($key)]);
    same('answer ' . MASK . '| ' . base64_encode($key), $c->result('4711')->answer);
});

test('a service that says when to come back', function () {
    $error = thrown(fn () => client(service('retry_after'))->submit(...PAID['captchaai']));
    check(is_float($error->getRetryAfter()) && $error->getRetryAfter() > 0);
    same(429, $error->getHttpStatus());
});
echo "done\n";
?>
--EXPECT--
done
