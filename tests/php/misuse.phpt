--TEST--
every raw function with every kind of argument: it throws or answers, and never crashes
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Raw;

use function Keyplate\Raw\{kp_abi, kp_client_free, kp_client_new, kp_config_hold, kp_config_load, kp_config_new, kp_config_option, kp_hygiene,
    kp_local_time, kp_op_error, kp_op_free, kp_op_get, kp_op_new, kp_op_set, kp_op_step, kp_read_give, kp_read_name, kp_redactor_feed,
    kp_redactor_free, kp_redactor_new, kp_run, kp_run_for, kp_runner_free, kp_runner_local, kp_runner_new, kp_secret_mask, kp_secret_new};

function handles(string $key = 'env:NOBODY_SET_THIS'): array
{
    $url = getenv('KP_SERVICES') . '/' . service('good');
    $config = kp_config_new();
    kp_config_hold($config, 'mine', kp_secret_new(made_key()));
    kp_config_load($config, json_encode(['url' => ['captchaai' => $url], 'store' => 'memory:', 'keys' => [$key]]));
    $client = kp_client_new($config);
    $runner = kp_runner_new($client);
    return [$config, kp_secret_new('x'), $client, kp_op_new($client, Raw\KP_BALANCE), kp_redactor_new($client), $runner, kp_runner_local($runner)];
}

test('an operation in steps, for event loops', function () {
    [, , $client, , , $runner] = handles('held:mine');
    $op = kp_op_new($client, Raw\KP_BALANCE);
    while (kp_run_for($runner, $op, 1)) {
        check(kp_op_step($op) !== Raw\KP_DONE);
    }
    same(0, kp_op_error($op));
    same('12.5', kp_op_get($op, 'balance'));
    same(null, kp_op_get($op, 'nothing'));
    same(1, kp_abi());
});

test('the host gives the key', function () {
    [, , $client, , , $runner] = handles('host:mine');
    $op = kp_op_new($client, Raw\KP_BALANCE);
    while (kp_run_for($runner, $op, 1)) {
        if (kp_op_step($op) === Raw\KP_READ) {
            same('host:mine', kp_read_name($op));
            kp_local_time($op);
            kp_read_give($op, made_key());
        }
    }
    same(0, kp_op_error($op));
});

test('what has several results is an array', function () {
    same(['provider', 'word', 'captchaai', 'captchaai nocaptchaai'], array_slice(kp_config_option(0), 0, 4));
    same(null, kp_config_option(1000));
    same(3, count(kp_hygiene(handles()[2], 0)));
});

test('a stream', function () {
    $redactor = handles()[4];
    same(null, kp_redactor_feed($redactor, 'clean. ', 0));
    same('key=' . MASK, kp_redactor_feed($redactor, 'key=abc', 1));
});

test('nothing is used after its end, whatever the order', function () {
    [, , $client, $op, $redactor, $runner, $local] = handles();
    kp_client_free($client);
    thrown(fn () => kp_op_new($client, Raw\KP_BALANCE), ValueError::class);
    kp_local_time($op);
    kp_runner_free($runner);
    thrown(fn () => kp_run($runner, $op), ValueError::class);
    kp_op_free($op);
    kp_op_free($op);
    thrown(fn () => kp_op_step($op), ValueError::class);
    kp_redactor_feed($redactor, 'a', 1);
    kp_redactor_free($redactor);
    unset($client, $runner);
    Raw\kp_local_store_text($local);
});

test('handles cannot be made, copied or looked into', function () {
    $handle = kp_config_new();
    thrown(fn () => clone $handle, Error::class);
    thrown(fn () => serialize($handle), \Exception::class);
    thrown(fn () => unserialize('O:19:"Keyplate\Raw\Handle":0:{}'), \Exception::class);
    thrown(fn () => kp_client_new(new Raw\Handle), TypeError::class);
    thrown(fn () => kp_client_new(kp_secret_new('x')), TypeError::class);
    thrown(function () use ($handle) { $handle->it = 1; }, Error::class);
    $key = made_key();
    same(null, fragment_of($key, shown(kp_secret_new($key))));
    same('***' . substr($key, -4), kp_secret_mask(kp_secret_new($key)));
});

test('no step that hands out a key is there', function () {
    foreach ((new ReflectionExtension('keyplate'))->getFunctions() as $name => $function) {
        check(!preg_match('/kp_(http|store|append|on)_|kp_read_room/', $name), $name);
    }
    foreach (get_declared_classes() as $class) {
        check(!str_starts_with($class, 'SWIG'), $class);
    }
});

test('k9_no_trace_of_a_raw_function_shows_a_key', function () {
    if (PHP_VERSION_ID < 80200) {
        return;
    }
    $before = ini_set('zend.exception_ignore_args', '0');
    $key = made_key();
    foreach ([fn () => kp_secret_new($key, 1), fn () => kp_config_load(null, $key), fn () => kp_config_hold(null, $key, null),
              fn () => kp_op_set(null, $key, $key), fn () => kp_read_give(null, $key), fn () => kp_redactor_feed(null, $key, 1)] as $work) {
        $trace = thrown($work, Error::class)->getTrace();
        check(count($trace[0]['args']) > 0, 'arguments are shown');
        same(null, fragment_of($key, print_r($trace[0], true)));
    }
    ini_set('zend.exception_ignore_args', $before);
});

test('any arguments', function () {
    $thrown = $answered = 0;
    $functions = array_filter((new ReflectionExtension('keyplate'))->getFunctions(), fn ($name) => str_starts_with($name, 'Keyplate\Raw'), ARRAY_FILTER_USE_KEY);
    check(count($functions) > 40);
    $all = handles();
    foreach ($functions as $name => $function) {
        for ($i = 0; $i < 100; $i++) {
            $values = [null, true, 0, -1, 1, 1 << 40, PHP_INT_MAX, PHP_INT_MIN, 1.5, NAN, '', "a\0b", str_repeat('x', 70000), 'timeout', '1s', [], new stdClass,
                new Raw\Handle, fn () => 1, STDIN, ...$all, ...$all];
            $arguments = [];
            $count = random_int(0, 9) ? $function->getNumberOfRequiredParameters() : random_int(0, 6);
            while (count($arguments) < $count) {
                $arguments[] = $values[array_rand($values)];
            }
            if ($i % 2 && $count) {
                $arguments[0] = $all[array_rand($all)];
            }
            try {
                $function->invokeArgs($arguments);
                $answered++;
            } catch (TypeError | ValueError) {
                $thrown++;
            }
            if (random_int(0, 20) === 0) {
                $all = handles();
            }
        }
    }
    check($thrown > 500 && $answered > 200, "$thrown, $answered");
});
echo "done\n";
?>
--EXPECT--
done
