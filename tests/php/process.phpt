--TEST--
fork, signals, limits of time, pickled things, locales: rows K8, K11, K12
--EXTENSIONS--
pcntl
posix
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Client;
use Keyplate\Exception\CancelledException;
use Keyplate\Exception\Exception;
use Keyplate\Exception\TaskException;
use Keyplate\Key;
use Keyplate\Solution;
use Keyplate\Task;

function in_child(callable $work): int
{
    $pid = pcntl_fork();
    if ($pid === 0) {
        try {
            $work();
        } catch (Throwable $problem) {
            fwrite(STDERR, "child: {$problem->getMessage()}\n");
            posix_kill(getmypid(), SIGKILL);
        }
        exit(0);
    }
    return $pid;
}

function ended_well(int $pid): void
{
    pcntl_waitpid($pid, $status);
    same(0, $status, 'the child');
}

/** Waits until a service has seen so many requests of a kind. */
function until_seen(string $service, string $call): void
{
    for ($i = 0; seen($service, $call) === 0; $i++) {
        check($i < 60000, "waited in vain for $call");
        time_nanosleep(0, 1_000_000);
    }
}

test('k8_a_child_uses_the_client', function () {
    $service = service('good');
    $c = client($service);
    $c->balance();
    $children = [];
    for ($i = 0; $i < 4; $i++) {
        $children[] = in_child(function () use ($c) {
            $c->balance();
            $c->solve('turnstile', ['sitekey' => 'a', 'pageurl' => PAGE], timeout: 30);
            $c->close();
        });
    }
    $c->balance();
    array_map('ended_well', $children);
    $c->balance();
    same(4, seen($service, 'submit'));
});

test('k8_in_the_midst_of_a_call', function () {
    // The closure that gives the key runs while the call is under way.
    $key = made_key();
    $pid = 0;
    $c = client(service('good'), ['key' => function () use ($key, &$pid) {
        $pid = in_child(fn () => client(service('good'))->balance());
        return $key;
    }]);
    $c->balance();
    ended_well($pid);
});

test('k8_random_state_differs', function () {
    $c = client(service('good'));
    $path = getenv('KP_TMP') . '/operation';
    $operation = function () use ($c) {
        $c->events();
        $c->balance();
        return $c->events()[0]['operation'];
    };
    ended_well(in_child(fn () => file_put_contents($path, $operation())));
    check(file_get_contents($path) !== $operation());
});

class Stop extends RuntimeException
{
}

test('a signal ends a call, and no task is lost', function () {
    pcntl_async_signals(true);
    pcntl_signal(SIGUSR1, fn () => throw new Stop('enough'));
    $service = service('pending');
    $c = client($service);
    $parent = getmypid();
    $child = in_child(function () use ($service, $parent) {
        until_seen($service, 'result');
        posix_kill($parent, SIGUSR1);
    });
    $stop = thrown(fn () => $c->solve('turnstile', ['sitekey' => 'a', 'pageurl' => PAGE], timeout: 600), Stop::class);
    ended_well($child);
    check($stop->getPrevious() instanceof CancelledException);
    check($stop->getPrevious()->getTask()->id !== '');
    $c->balance();
});

test('t6_a_signal_ends_a_submit_of_which_nobody_knows_what_came_of_it', function () {
    $service = service('hold');
    $c = client($service);
    $parent = getmypid();
    $child = in_child(function () use ($service, $parent) {
        until_seen($service, 'submit');
        posix_kill($parent, SIGUSR1);
    });
    $stop = thrown(fn () => $c->submit('turnstile', ['sitekey' => 'a', 'pageurl' => PAGE], timeout: 600), Stop::class);
    ended_well($child);
    check($stop->getPrevious() instanceof CancelledException);
    check($stop->getPrevious()->isOutcomeUnknown());
    same(1, seen($service, 'submit'));
});

test('a signal handler may use the client in the midst of a call', function () {
    $service = service('pending');
    $c = client($service);
    $balance = null;
    pcntl_signal(SIGUSR1, function () use ($c, &$balance) {
        $balance = $c->balance();
        thrown(fn () => $c->close());
        throw new Stop('enough');
    });
    $parent = getmypid();
    $child = in_child(function () use ($service, $parent) {
        until_seen($service, 'result');
        posix_kill($parent, SIGUSR1);
    });
    thrown(fn () => $c->solve('turnstile', ['sitekey' => 'a', 'pageurl' => PAGE], timeout: 600), Stop::class);
    ended_well($child);
    check($balance !== null);
});

test('max_execution_time ends a call', function () {
    $service = service('pending');
    $child = in_child(function () use ($service) {
        $parent = getmypid();
        in_child(function () use ($service, $parent) {
            until_seen($service, 'result');
            // The clock of PHP counts its own work only, and this call waits.
            posix_kill($parent, SIGPROF);
        });
        register_shutdown_function(function () {
            check(str_contains(error_get_last()['message'] ?? '', 'Maximum execution time'));
            posix_kill(getmypid(), SIGTERM);
        });
        ini_set('display_errors', '0');
        set_time_limit(1000);
        client($service)->solve('turnstile', ['sitekey' => 'a', 'pageurl' => PAGE], timeout: 600);
    });
    pcntl_waitpid($child, $status);
    same(SIGTERM, pcntl_wtermsig($status));
});

test('k12_errors_and_solutions_go_through_queues', function () {
    $c = client(service('unsolvable'));
    $error = thrown(fn () => $c->solve('turnstile', ['sitekey' => 'a', 'pageurl' => PAGE]), TaskException::class);
    $again = unserialize(serialize($error));
    same(TaskException::class, get_class($again));
    foreach (['getMessage', 'getErrorCode', 'getErrorClass', 'getText', 'getAdvice', 'getRetryAfter', 'isOutcomeUnknown', 'getProviderCode',
              'getHttpStatus', 'getLine', 'getFile'] as $get) {
        same($error->$get(), $again->$get(), $get);
    }
    same($error->getTask()->reference, $again->getTask()->reference);
    $solution = client(service('good'))->result('4711');
    check(unserialize(serialize($solution)) == $solution);
    same($solution->answer, json_decode(json_encode($solution), true)['answer']);
    $task = new Task('captchaai/primary~1a2b3c4d/5/6', $solution);
    same(['captchaai', 'primary', '5/6'], [$task->provider, $task->key, $task->id]);
    check(unserialize(serialize($task)) == $task);
    same('"captchaai\/primary~1a2b3c4d\/5\/6"', json_encode($task));
    foreach ([$c, Key::fromValue(made_key()), new Keyplate\Redactor] as $object) {
        thrown(fn () => serialize($object), \Exception::class);
    }
    foreach (['Client', 'Key', 'Redactor', 'Raw\Handle'] as $class) {
        $class = "Keyplate\\$class";
        thrown(fn () => unserialize(sprintf('O:%d:"%s":0:{}', strlen($class), $class)), \Exception::class);
    }
    // What is not of the type of a property is refused by PHP.
    thrown(fn () => unserialize('O:17:"Keyplate\Solution":1:{s:6:"answer";a:0:{}}'), TypeError::class);
});

test('k12_an_error_thrown_below_a_client_can_be_serialized', function () {
    $deep = fn (Client $c, Closure $f) => $c->result("no\0task");
    $error = thrown(fn () => $deep(client(service('good')), fn () => 1));
    same($error->getMessage(), unserialize(serialize($error))->getMessage());
});

test('k11_changes_no_number', function () {
    if (getenv('LOCPATH') === false) {
        // No locale with a decimal comma could be made here.
        return;
    }
    check(setlocale(LC_ALL, 'de_DE.UTF-8') !== false);
    same('0,5', sprintf('%.1f', 0.5));
    $c = client(service('number'), ['poll' => ['first' => 0.1, 'every' => 0.05]]);
    same('12.345', $c->balance(timeout: 1.5));
    $service = service('parameters');
    client($service)->submit('turnstile', ['sitekey' => 'a', 'pageurl' => PAGE, 'min_score' => 0.3, 'tiny' => 1e-7]);
    foreach (file(getenv('KP_SEEN')) as $line) {
        if (str_starts_with($line, 'parameters {')) {
            $sent = json_decode(substr($line, 11), true);
        }
    }
    same('0.3', $sent['min_score']);
    check((float) $sent['tiny'] === 1e-7, $sent['tiny']);
    setlocale(LC_ALL, 'C');
});
echo "done\n";
?>
--EXPECT--
done
