--TEST--
keys by reference, by value, from a closure: rows K1, K2, K3, K9
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Client;
use Keyplate\Exception\AuthenticationException;
use Keyplate\Exception\UsageException;
use Keyplate\Key;
use Keyplate\Redactor;

test('k1_is_explained', function () {
    $c = new Client(config: false, store: 'memory:');
    $error = thrown(fn () => $c->balance(), AuthenticationException::class);
    same('no_key', $error->getErrorCode());
    same('key', $error->getErrorClass());
    foreach (['CAPTCHAAI_API_KEY', 'captchaai_key', '.env', 'config.json', 'keyplate keys set'] as $words) {
        check(str_contains($error->getMessage(), $words), "$words in {$error->getMessage()}");
    }
});

test('k1_is_explained_by_keys', function () {
    $keys = (new Client(config: false, store: 'memory:', key: 'env:NOBODY_SET_THIS'))->keys();
    same('absent', $keys[0]['state']);
    same('env:NOBODY_SET_THIS', $keys[0]['from'][0]['place']);
});

test('k2_blank_ends_are_trimmed', function () {
    client(service('good'), ['key' => Key::fromValue(' ' . made_key() . "\r\n")])->balance();
});

test('k2_what_is_no_key_is_refused', function () {
    $key = made_key();
    foreach (["\xEF\xBB\xBF$key", "'$key'", "\"$key\"", substr($key, 0, 9) . ' ' . substr($key, 9), "$key\0", "$key\n$key", "\n"] as $value) {
        $service = service('good');
        $c = client($service, ['key' => Key::fromValue($value)]);
        $error = thrown(fn () => $c->balance(), AuthenticationException::class);
        same(null, fragment_of($key, (string) $error));
        same(0, seen($service, '*'));
        $c = client($service, ['key' => fn () => $value]);
        same(null, fragment_of($key, (string) thrown(fn () => $c->balance(), AuthenticationException::class)));
    }
});

test('k3_placeholders_are_refused', function () {
    foreach (['YOUR_API_KEY', 'YOUR_KEY', 'your_key', 'your_api_key_here', 'abc123def456', ''] as $value) {
        $service = service('good');
        foreach ([Key::fromValue($value), fn () => $value] as $key) {
            $error = thrown(fn () => client($service, ['key' => $key])->balance(), AuthenticationException::class);
            check($value === '' || str_contains($error->getMessage(), 'placeholder'), $error->getMessage());
        }
        same(0, seen($service, '*'));
    }
});

test('k9_a_key_shows_its_mask_only', function () {
    $key = made_key();
    $made = Key::fromValue($key);
    same('***' . substr($key, -4), (string) $made);
    same('***', (string) Key::fromValue('short'));
    same(null, fragment_of($key, shown($made) . shown([$made]) . (new ReflectionObject($made))));
    thrown(fn () => clone $made, Error::class);
    thrown(fn () => serialize($made), \Exception::class);
    thrown(fn () => unserialize('O:12:"Keyplate\Key":0:{}'), \Exception::class);
    same(null, @$made->value);
});

test('k9_no_object_shows_it', function () {
    $key = made_key();
    $c = client(service('good'), ['key' => Key::fromValue($key)]);
    $closures = client(service('good'), ['key' => fn () => $key]);
    $closures->balance();
    $solution = $c->result('4711');
    $text = '';
    foreach ([$c, $solution, new Redactor($c), $c->keys(), $c->events(), $c->hygiene(), $closures] as $value) {
        $text .= shown($value);
    }
    same(null, fragment_of($key, $text));
    check(str_contains($text, '***' . substr($key, -4)));
    foreach ([$c, new Redactor($c)] as $value) {
        thrown(fn () => clone $value, Error::class);
        thrown(fn () => serialize($value), \Exception::class);
        thrown(function () use ($value) { $value->another = 1; }, Error::class);
    }
});

function login(string $key, Client $c): void
{
    $c->submit('no_such_method_here', ['sitekey' => "a\0b"]);
}

test('k9_no_trace_shows_it', function () {
    $key = made_key();
    $c = client(service('good'), ['key' => Key::fromValue($key)]);
    $error = thrown(fn () => login($key, $c));
    same(null, fragment_of($key, $error . shown($error->getTrace()) . serialize($error)));
    // PHP's own errors about our arguments have what was given; a sensitive one is not among it.
    foreach ([fn () => Key::fromValue([$key]), fn () => new Client(keys: $key), fn () => new Client(options: $key)] as $wrong) {
        $error = thrown($wrong, TypeError::class);
        $own = array_values(array_filter($error->getTrace(), fn ($frame) => str_starts_with($frame['class'] ?? '', 'Keyplate\\')));
        if (PHP_VERSION_ID >= 80200) {
            same(null, fragment_of($key, print_r($own[0]['args'] ?? [], true)));
        }
    }
});

/** The page of a framework for an error that nobody caught: every frame with its arguments. */
function error_page(Throwable $error): string
{
    $page = '';
    for ($at = $error; $at; $at = $at->getPrevious()) {
        $page .= $at::class . ": {$at->getMessage()}\n";
        foreach ($at->getTrace() as $frame) {
            $page .= ($frame['class'] ?? '') . "::{$frame['function']}(";
            foreach ($frame['args'] ?? [] as $name => $argument) {
                $page .= "$name: " . print_r($argument, true) . var_export($argument, true) . json_encode($argument, JSON_PARTIAL_OUTPUT_ON_ERROR);
            }
            $page .= ")\n";
        }
    }
    return $page;
}

test('k9_no_error_page_shows_it', function () {
    $before = [ini_set('zend.exception_ignore_args', '0'), ini_set('zend.exception_string_param_max_len', '100000')];
    $key = made_key();
    $proxy = 'secret' . made_key();
    $good = client(service('good'), ['key' => Key::fromValue($key)]);
    $stops = client(service('good'), ['key' => fn () => throw new LogicException('no')]);
    $paid = fn (string $call, Client $c) => fn () => $c->$call('turnstile', ['sitekey' => "a\0", 'proxyPassword' => $proxy]);
    $pages = [];
    foreach ([fn () => new Client(key: $key, config: false), fn () => Client::shared(key: $key), fn () => new Client(config: false, options: ['timeout' => $key]),
              $paid('solve', $good), $paid('submit', $good), fn () => $stops->balance(), fn () => $good->result("a\0$key")] as $work) {
        $pages[] = error_page(thrown($work));
    }
    check(str_contains(implode($pages), 'solve('), 'frames are shown');
    if (PHP_VERSION_ID >= 80200) {
        // PHP's own errors, and those of the program below a call of ours, have arguments.
        $wrong = function () use ($good, $proxy) {
            $good->solve(new class {
                public function __toString(): string
                {
                    throw new LogicException('no method');
                }
            }, ['proxyPassword' => $proxy]);
        };
        foreach ([$wrong, fn () => Key::fromValue(value: [$key]), fn () => Keyplate\redact([$key]), fn () => (new Redactor)->feed([$key]),
                  fn () => new Client('captchaai', $key, [$key], false, null, "a $key")] as $number => $work) {
            $error = thrown($work, Throwable::class);
            $own = array_filter($error->getTrace(), fn ($frame) => str_starts_with($frame['class'] ?? $frame['function'], 'Keyplate\\'));
            check($own !== [] || $error instanceof Keyplate\Exception\Exception, "$number: no frame of ours");
            $pages[] = print_r(array_column($own, 'args'), true) . $error->getMessage();
        }
    }
    same(null, fragment_of($key, implode($pages)));
    same(null, fragment_of($proxy, implode($pages)));
    ini_set('zend.exception_ignore_args', $before[0]);
    ini_set('zend.exception_string_param_max_len', $before[1]);
});

test('k9_a_bare_string_is_refused_and_not_repeated', function () {
    $key = made_key();
    foreach ([['key' => $key], ['keys' => [$key]], ['key' => ['from' => [$key]]], ['options' => [$key => 'key']], ['provider' => $key],
              ['options' => ['timeout' => $key]], ['timeout' => $key], ['options' => ['url.captchaai' => $key]]] as $arguments) {
        $error = thrown(fn () => new Client(...$arguments, config: false), UsageException::class);
        same(null, fragment_of($key, $error . shown($error)));
    }
    $error = thrown(fn () => new Client(key: $key, config: false));
    check(str_contains($error->getMessage(), 'Key::fromValue'), $error->getMessage());
    $c = client(service('good'));
    foreach ([[$key => fn () => 1], ['a' => [$key => STDIN]]] as $params) {
        same(null, fragment_of($key, (string) thrown(fn () => $c->solve('turnstile', $params))));
    }
});

test('a closure is called when the key is needed', function () {
    $key = made_key();
    $called = 0;
    $c = client(service('good'), ['key' => function () use ($key, &$called) {
        $called++;
        return $key;
    }]);
    same(0, $called);
    $c->balance();
    $c->balance();
    same(1, $called);
    same('***' . substr($key, -4), $c->keys()[0]['masked']);
});

test('a closure is one member of several', function () {
    $key = made_key();
    $first = 0;
    $c = client(service('good'), ['keys' => [function () use (&$first) {
        $first++;
        return null;
    }, ['name' => 'spare', 'from' => [fn () => $key]], 'env:NOBODY_SET_THIS']]);
    $c->balance();
    same(1, $first);
});

test('a closure that fails ends the call, and what it said is passed on', function () {
    $key = made_key();
    $gives = ['throws' => fn () => throw new RuntimeException("the vault is away: key=$key"), 'number' => fn () => 5, 'array' => fn () => [],
        'object' => fn () => new stdClass, 'needs more' => fn ($more) => $key];
    foreach ($gives as $name => $give) {
        $service = service('good');
        $c = client($service, ['keys' => [$give, Key::fromValue($key)]]);
        $error = thrown(fn () => $c->balance(), AuthenticationException::class);
        same(null, fragment_of($key, $error . shown($error)), $name);
        check(str_contains($error->getText(), 'the function that gives it failed'), $error->getText());
        same(null, $error->getPrevious(), $name);
        same(0, seen($service, '*'), $name);
    }
});

test('a closure cannot use its client, which stays whole', function () {
    $key = made_key();
    $c = null;
    $said = [];
    $c = client(service('good'), ['key' => function () use (&$c, &$said, $key) {
        foreach ([['balance'], ['verify'], ['rotate'], ['keys'], ['close'], ['events'], ['solve', 'turnstile'], ['__construct']] as $call) {
            $name = array_shift($call);
            $said[$name] = thrown(fn () => $c->$name(...$call), UsageException::class);
        }
        return $key;
    }]);
    $c->balance();
    same(8, count($said));
    $c->balance();
});

test('a closure may use another client', function () {
    $key = made_key();
    $other = client(service('good'));
    client(service('good'), ['key' => fn () => $other->balance() ? $key : null])->balance();
});

test('a fiber may be left in the midst of a call', function () {
    $key = made_key();
    $service = service('good');
    $c = client($service, ['key' => function () use ($key) {
        Fiber::suspend();
        return $key;
    }]);
    $fiber = new Fiber(fn () => $c->balance());
    $fiber->start();
    thrown(fn () => $c->balance(), UsageException::class);
    thrown(fn () => $c->close(), UsageException::class);
    unset($fiber);
    gc_collect_cycles();
    same(0, seen($service, '*'));
    $fiber = new Fiber(fn () => $c->balance());
    $fiber->start();
    $fiber->resume();
    same('12.5', $fiber->getReturn());
});

test('exit in a closure is an exit', function () {
    $script = getenv('KP_TMP') . '/exit.php';
    file_put_contents($script, '<?php (new Keyplate\\Client(config: false, store: "memory:", key: fn () => exit(7)))->balance(); echo "not reached";');
    exec(escapeshellarg(PHP_BINARY) . ' -n -d extension=' . escapeshellarg(getenv('KP_EXTENSION')) . ' ' . escapeshellarg($script), $out, $status);
    same([[], 7], [$out, $status]);
});

test('a closure does not keep its client alive', function () {
    $holder = new class {
        public ?Client $client;
        public function key(): string
        {
            return made_key();
        }
    };
    $holder->client = client(service('good'), ['key' => $holder->key(...)]);
    $weak = WeakReference::create($holder->client);
    $holder->client->balance();
    unset($holder);
    gc_collect_cycles();
    same(null, $weak->get());
});
echo "done\n";
?>
--EXPECT--
done
