--TEST--
the classes, their types and names, options, logs, shared clients
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Client;
use Keyplate\Exception\Exception;
use Keyplate\Exception\InvalidRequestException;
use Keyplate\Exception\TaskException;
use Keyplate\Exception\UsageException;
use Keyplate\Key;
use Keyplate\Solution;
use Keyplate\Task;

/** Functions and methods of the extension, as they show themselves: name, parameters, result. */
function signatures(): array
{
    $found = [];
    $extension = new ReflectionExtension('keyplate');
    foreach ($extension->getClasses() as $class) {
        foreach ($class->getMethods() as $method) {
            if (str_starts_with($method->class, 'Keyplate\\') && $method->class === $class->name && !str_starts_with($class->name, 'Keyplate\Raw')) {
                $found["$class->name::$method->name"] = $method;
            }
        }
    }
    foreach ($extension->getFunctions() as $name => $function) {
        if (!str_starts_with($name, 'Keyplate\Raw')) {
            $found[$name] = $function;
        }
    }
    return $found;
}

test('everything is typed and named', function () {
    check(count(signatures()) > 60);
    foreach (signatures() as $name => $function) {
        check($function->hasReturnType() || str_ends_with($name, '__construct'), $name);
        foreach ($function->getParameters() as $parameter) {
            check($parameter->hasType() && !preg_match('/^arg\d/', $parameter->name), "$name $parameter->name");
            check(!$parameter->isOptional() || $parameter->isVariadic() || $parameter->isDefaultValueAvailable(), "$name $parameter->name");
        }
    }
});

/** What reflection tells of classes and functions of ours, as text. */
const TELL = <<<'PHP'
    function type($of) { return (string) $of->getType(); }
    function told(ReflectionFunctionAbstract $of): array
    {
        $parameters = [];
        foreach ($of->getParameters() as $p) {
            $default = $p->isDefaultValueAvailable() ? ' = ' . json_encode($p->getDefaultValue()) : '';
            $sensitive = $p->getAttributes('SensitiveParameter') ? '#' : '';
            $parameters[] = $sensitive . type($p) . ($p->isVariadic() ? ' ...' : ' ') . $p->name . $default;
        }
        $modifiers = $of instanceof ReflectionMethod ? Reflection::getModifierNames($of->getModifiers()) : [];
        return [implode(' ', $modifiers), $of->name, $parameters, (string) $of->getReturnType()];
    }
    function told_class(ReflectionClass $of): array
    {
        $methods = $properties = [];
        foreach ($of->getMethods() as $m) {
            $methods[strtolower($m->name)] = told($m);
        }
        foreach ($of->getProperties() as $p) {
            $properties[$p->name] = implode(' ', Reflection::getModifierNames($p->getModifiers())) . ' ' . type($p);
        }
        $facts = [$of->isInterface(), $of->isFinal(), $of->getParentClass() ? $of->getParentClass()->name : '', $of->getInterfaceNames(), $methods];
        ksort($facts[4]);
        sort($facts[3]);
        ksort($properties);
        return [$of->name, ...$facts, str_contains($of->name, 'Exception') ? [] : $properties];
    }
    function told_all(array $classes, array $functions): string
    {
        $all = [];
        foreach ($classes as $class) {
            if (str_starts_with($class, 'Keyplate\\') && !str_starts_with($class, 'Keyplate\\Raw')) {
                $all[$class] = told_class(new ReflectionClass($class));
            }
        }
        foreach ($functions as $name) {
            if (stripos($name, 'keyplate\\') === 0 && stripos($name, 'keyplate\\raw') !== 0) {
                $all[strtolower($name)] = told(new ReflectionFunction($name));
            }
        }
        ksort($all);
        return json_encode($all, JSON_PRETTY_PRINT | JSON_THROW_ON_ERROR);
    }
    PHP;

test('the stubs say what is there', function () {
    $script = getenv('KP_TMP') . '/stubs.php';
    $stubs = var_export(getenv('KP_STUBS'), true);
    file_put_contents($script, "<?php require $stubs . '/keyplate.stub.php'; require $stubs . '/exceptions.stub.php';\n" . TELL . '
        echo told_all([...get_declared_classes(), ...get_declared_interfaces()], get_defined_functions()["user"]);');
    exec(escapeshellarg(PHP_BINARY) . ' -n ' . escapeshellarg($script), $stub, $status);
    same(0, $status, implode("\n", $stub));
    eval(TELL);
    $extension = new ReflectionExtension('keyplate');
    $real = explode("\n", told_all($extension->getClassNames(), array_keys($extension->getFunctions())));
    same($real, $stub);
});

test('sensitive parameters are marked', function () {
    if (PHP_VERSION_ID < 80200) {
        return;
    }
    $marked = [];
    foreach (signatures() as $name => $function) {
        foreach ($function->getParameters() as $parameter) {
            if ($parameter->getAttributes(SensitiveParameter::class)) {
                $marked[] = "$name $parameter->name";
            }
        }
    }
    sort($marked);
    same(['Keyplate\Client::__construct key', 'Keyplate\Client::__construct keys', 'Keyplate\Client::__construct more',
          'Keyplate\Client::__construct options', 'Keyplate\Client::shared key', 'Keyplate\Client::shared keys', 'Keyplate\Client::shared more',
          'Keyplate\Client::shared options', 'Keyplate\Client::solve params', 'Keyplate\Client::solve tags',
          'Keyplate\Client::submit params', 'Keyplate\Client::submit tags', 'Keyplate\Key::fromValue value',
          'Keyplate\Redactor::feed part', 'Keyplate\redact text'], $marked);
});

test('each class of errors has an exception', function () {
    $seen = [];
    foreach (Keyplate\errors() as $row) {
        $class = new ReflectionClass($row['exception']);
        check($class->implementsInterface(Exception::class));
        $logic = in_array($row['class'], ['usage', 'input']);
        check($class->isSubclassOf($logic ? InvalidArgumentException::class : RuntimeException::class));
        $seen[$row['class']] = $class->getShortName();
        check($row['code'] !== '' && $row['text'] !== '' && $row['advice'] !== '');
    }
    same(18, count(array_unique($seen)));
    same('InsufficientFundsException', $seen['funds']);
    // A program can make one itself, for tests of its own.
    $own = new Keyplate\Exception\LimitExceededException('enough');
    same(['enough', 'limit', '', null, null, false], [$own->getMessage(), $own->getErrorClass(), $own->getErrorCode(), $own->getTask(),
        $own->getRetryAfter(), $own->isOutcomeUnknown()]);
});

test('calls of a client', function () {
    $c = box();
    same('10', $c->balance());
    same('10', $c->verify(timeout: 20));
    $task = $c->submit(method: 'turnstile', params: ['sitekey' => 'a', 'pageurl' => PAGE]);
    check($task instanceof Task && $task->provider === 'captchaai' && $task->key === 'primary' && $task->id !== '');
    same("$task", $task->reference);
    $solution = $c->wait(task: $task, timeout: 20);
    check($solution instanceof Solution && $solution->polls >= 1 && $solution->elapsed >= 0);
    same("sandbox-answer-$task->id", "$solution");
    same("$task", "$solution->task");
    check(str_starts_with($solution->key, '***'));
    same($solution->answer, $c->result("$task")->answer);
    $c->report($task, good: true);
    $c->report("$task", false);
    same('captchaai', $c->option('provider'));
    same(null, $c->option('nothing'));
    same('primary', $c->keys(timeout: 5)[0]['name']);
    check(in_array('language_strings', array_column($c->hygiene(), 'name')));
    check(in_array('language_strings', array_column(Keyplate\hygiene(), 'name')));
    $error = thrown(fn () => $c->solve('turnstile', ['sitekey' => 'unsolvable', 'pageurl' => PAGE]), TaskException::class);
    same('ERROR_CAPTCHA_UNSOLVABLE', $error->getErrorCode());
    check($error->getTask() instanceof Task && $error->getAdvice() !== '' && !$error->isOutcomeUnknown());
    same("ERROR_CAPTCHA_UNSOLVABLE: {$error->getText()}. {$error->getAdvice()}", $error->getMessage());
    $c->close();
    $c->close();
    thrown(fn () => $c->balance(), UsageException::class);
});

test('a task that is pending is null for result', function () {
    $c = client(service('pending'));
    same(null, $c->result($c->submit('turnstile', ['sitekey' => 'a', 'pageurl' => PAGE])));
});

/** A PNG of one white dot. */
function picture(): string
{
    return base64_decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEANl9ngAAAAABJRU5ErkJggg==');
}

test('an upload and every type of parameter', function () {
    $c = box(['provider' => 'nocaptchaai']);
    check(str_contains($c->solve('ImageToTextTask', ['body' => base64_encode(picture())])->answer, 'sandbox-answer'));
    $c = box();
    check(str_contains($c->solve('post', ['file' => picture(), 'numeric' => 1, 'phrase' => true, 'textinstructions' => 'ü&='])->answer, 'sandbox'));
    client(service('parameters'))->submit('brand_new', ['list' => [1, [2.5, null, true]], 'object' => ['a' => ['b' => 'c']], 'empty' => new stdClass, 'std' => (object) ['x' => 1]]);
    foreach ([STDIN, INF, NAN, 1e300, fn () => 1, $c, new Task('x')] as $bad) {
        foreach ([['sitekey' => $bad], ['sitekey' => ['deep' => [$bad]]]] as $params) {
            thrown(fn () => $c->submit('turnstile', $params), InvalidRequestException::class);
        }
    }
    thrown(fn () => $c->submit('turnstile', ['a', 'b']), InvalidRequestException::class);
    thrown(fn () => $c->submit('turnstile', ['file' => 5]), InvalidRequestException::class);
    // Not dropped as if it were the upload.
    thrown(fn () => $c->submit('turnstile', ["file\0more" => 'x', 'sitekey' => 'a', 'pageurl' => PAGE]), InvalidRequestException::class);
    thrown(fn () => $c->submit('turnstile', ['sitekey' => "\xff", 'pageurl' => PAGE]), InvalidRequestException::class);
    $loop = [];
    $loop['a'] = &$loop;
    thrown(fn () => $c->submit('turnstile', $loop), InvalidRequestException::class);
});

test('options by name, as an array, nested, dotted, and wrong', function () {
    $c = new Client(config: false, options: ['poll' => ['every' => '3s'], 'max_answer' => 2048], strict: false, provider: 'nocaptchaai');
    same(['3s', '2048', 'false', 'nocaptchaai'], array_map([$c, 'option'], ['poll.every', 'max_answer', 'strict', 'provider']));
    same('4s', (new Client(config: false, options: ['poll.every' => '4s']))->option('poll.every'));
    same('nocaptchaai', (new Client(options: ['provider' => 'nocaptchaai', 'config' => false, 'key' => 'env:A', 'log' => fn () => 1]))->option('provider'));
    $error = thrown(fn () => new Client(config: false, tiemout: 5), UsageException::class);
    check(str_contains($error->getMessage(), 'timeout'), $error->getMessage());
    foreach ([['key' => 'env:A', 'keys' => ['env:B']], ['keys' => ['a' => 'env:B']], ['config' => "a\0b"], ['config' => '/no/such/file'],
              ['provider' => 'nobody'], ['provider' => "captchaai\0"], ['timeout' => 'soon'], ['options' => ['keys' => 'env:A']],
              ['options' => ['key' => 5]], ['log' => new stdClass], ['options' => [5]]] as $wrong) {
        thrown(fn () => new Client(...($wrong + ['config' => false])), UsageException::class);
    }
    thrown(fn () => new Client('captchaai', null, null, false, null, [], 'more'), ArgumentCountError::class);
    foreach ([-1, 0, 1e300, NAN] as $timeout) {
        thrown(fn () => $c->balance(timeout: $timeout), UsageException::class);
    }
    thrown(fn () => $c->balance(timeout: 'soon'), TypeError::class);
});

test('events go to a closure or a logger', function () {
    $told = [];
    $c = client(service('good'), ['log' => function (string $level, string $message, array $event) use (&$told, &$c) {
        $told[] = [$level, $message, $event['event']];
        $c->option('provider');
        $c->balance();
    }]);
    $c->balance();
    check(count($told) > 0);
    foreach ($told as [$level, $message, $event]) {
        check(in_array($level, ['debug', 'info', 'warning', 'error']) && $message !== '' && $event !== '');
    }
    $c->events();
    same([], $c->events());
});

test('a log that fails does no harm to the call', function () {
    $key = made_key();
    ini_set('error_log', getenv('KP_TMP') . '/error_log');
    $c = client(service('good'), ['key' => Key::fromValue($key), 'log' => fn () => throw new LogicException("full: $key")]);
    check($c->result('4711') instanceof Solution);
    $text = file_get_contents(getenv('KP_TMP') . '/error_log');
    check(str_contains($text, 'full: ' . MASK), $text);
    ini_restore('error_log');
});

test('shared clients are one', function () {
    $service = service('good');
    $url = getenv('KP_SERVICES') . "/$service";
    $options = ['url' => ['captchaai' => $url], 'store' => 'memory:'];
    $key = made_key();
    $make = fn (...$more) => Client::shared(...$more, config: false, options: $options);
    $a = $make(key: Key::fromValue($key));
    $a->balance();
    $a->close();
    thrown(fn () => $a->balance(), UsageException::class);
    $b = $make(key: Key::fromValue($key));
    same('current', $b->keys()[0]['state'], 'the same client');
    $other = $make(key: Key::fromValue(made_key()));
    same('pending', $other->keys()[0]['state'], 'another key');
    same('pending', $make(key: Key::fromValue($key), timeout: '5s')->keys()[0]['state'], 'another option');
    // A function is asked each time, and what it gives tells clients apart: it may mean another account by now.
    same('current', $make(key: fn () => $key)->keys()[0]['state'], 'the same value');
    foreach ([made_key(), made_key()] as $value) {
        $c = $make(key: fn () => $value);
        same('pending', $c->keys()[0]['state'], 'another value of the same function');
        $c->balance();
        same('***' . substr($value, -4), $c->keys()[0]['masked']);
    }
    thrown(fn () => $make(key: fn () => 1), Keyplate\Exception\AuthenticationException::class);
    thrown(fn () => $make(key: fn () => throw new LogicException('none today')), LogicException::class);
    check(str_contains(shown($b), '["shared"]=>'));
    $connections = [];
    foreach (file(getenv('KP_SEEN')) as $line) {
        [$who, , $connection] = explode(' ', $line);
        if ($who === $service) {
            $connections[$connection] = true;
        }
    }
    same(3, count($connections), 'connections');
});

test('functions of shared clients are told apart by what they give', function () {
    $options = ['url' => ['captchaai' => getenv('KP_SERVICES') . '/' . service('good')], 'store' => 'memory:'];
    [$one, $two] = [made_key(), made_key()];
    $gives = [fn () => $one,
        fn () => $two, new class ($one) {
            public function __construct(public string $key)
            {
            }
            public function __invoke(): string
            {
                return $this->key;
            }
        }, 'made_key'];
    $masked = [];
    foreach ($gives as $i => $give) {
        $c = Client::shared(key: Closure::fromCallable($give), config: false, options: $options);
        same($i === 2 ? 'current' : 'pending', $c->keys()[0]['state'], "function $i");
        $c->balance();
        $masked[] = $c->keys()[0]['masked'];
    }
    same(['***' . substr($one, -4), '***' . substr($two, -4), '***' . substr($one, -4)], array_slice($masked, 0, 3));
});

test('two objects are never equal', function () {
    $make = [fn () => new Client(config: false), fn () => Keyplate\Key::fromValue(made_key()), fn () => new Keyplate\Redactor,
        fn () => Keyplate\Raw\kp_config_new()];
    foreach ($make as $new) {
        $object = $new();
        check($object == $object && $object != $new(), get_class($object));
        check(!in_array($object, [$new()]), get_class($object));
    }
});

class Own extends Client
{
    public string $more = 'here';
}

class Lazy extends Client
{
    public function __construct()
    {
    }
}

test('classes of a program may extend the client', function () {
    $own = new Own(config: false);
    same('here', $own->more);
    check($own->hygiene() !== []);
    check(Own::shared(config: false) instanceof Own);
    foreach ([new Lazy, (new ReflectionClass(Client::class))->newInstanceWithoutConstructor()] as $unmade) {
        foreach ([['balance'], ['verify'], ['submit', 'a'], ['solve', 'a'], ['result', 'a'], ['wait', 'a'], ['report', 'a', true], ['rotate'], ['keys'], ['hygiene'],
                  ['events'], ['option', 'a']] as $call) {
            $name = array_shift($call);
            thrown(fn () => $unmade->$name(...$call), UsageException::class);
        }
        $unmade->close();
        shown($unmade);
        thrown(fn () => new Keyplate\Redactor($unmade), UsageException::class);
    }
});

test('tasks and solutions do not change', function () {
    $task = new Task('x');
    thrown(fn () => $task->__construct('y'), Error::class);
    thrown(function () use ($task) { $task->reference = 'z'; }, Error::class);
    same('x', "$task");
    foreach ([Task::class, Solution::class] as $class) {
        $bare = (new ReflectionClass($class))->newInstanceWithoutConstructor();
        same('', "$bare");
        shown($bare);
    }
    $c = client(service('good'));
    $bare = (new ReflectionClass(Task::class))->newInstanceWithoutConstructor();
    thrown(fn () => $c->result($bare));
});
test('shared clients are few', function () {
    $error = thrown(function () {
        for ($i = 1; $i < 100; $i++) {
            Client::shared(key: 'env:A', timeout: $i . 's', config: false, store: 'memory:');
        }
    }, UsageException::class);
    check(str_contains($error->getMessage(), 'shared clients'));
});
// A log that uses its client is a circle: collected here, it is no leak for the sanitizers.
gc_collect_cycles();
echo "done\n";
?>
--EXPECT--
done
