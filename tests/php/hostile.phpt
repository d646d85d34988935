--TEST--
any value as argument of anything that is public: it throws or works, and never crashes
--FILE--
<?php
namespace Psr\Log {
    interface LoggerInterface
    {
        public function log($level, string|\Stringable $message, array $context = []): void;
    }
}

namespace {
    require __DIR__ . '/support.inc';

    use Keyplate\Client;
    use Keyplate\Key;
    use Keyplate\Raw;
    use Keyplate\Redactor;
    use Keyplate\Solution;
    use Keyplate\Task;

    $seed = (int) (getenv('KP_SEED') ?: random_int(1, 1 << 30));
    echo "seed $seed\n";
    mt_srand($seed);

    class Unmade extends Client
    {
        public function __construct()
        {
        }
    }

    /** Says that it can be serialized. */
    class Serial extends Client
    {
        public function __serialize(): array
        {
            return [];
        }

        public function __unserialize(array $data): void
        {
        }
    }

    class Text
    {
        public function __construct(private ?string $text, private array &$pool)
        {
        }

        public function __toString(): string
        {
            if ($this->text === null) {
                throw new DomainException('no text');
            }
            $this->pool[0]->close();
            return $this->text;
        }
    }

    class Logger implements Psr\Log\LoggerInterface
    {
        public function log($level, string|Stringable $message, array $context = []): void
        {
            throw new LengthException('full');
        }
    }

    enum Suit
    {
        case Hearts;
    }

    function pick(array $values): mixed
    {
        return $values[array_keys($values)[mt_rand(0, count($values) - 1)]];
    }

    /** Objects of every class of ours, in every state. All clients talk to a service of this test. */
    function pool(): array
    {
        $closed = client(service('good'));
        $closed->close();
        $redactor = new Redactor;
        $redactor->close();
        $bare = [];
        foreach ([Client::class, Task::class, Solution::class, Keyplate\Exception\UsageException::class] as $class) {
            $bare[] = (new ReflectionClass($class))->newInstanceWithoutConstructor();
        }
        $reenters = null;
        $asks = client(service('good'), ['key' => function () use (&$reenters) {
            return pick([fn () => made_key(), fn () => $reenters->balance(), fn () => $reenters->close(), fn () => throw new DomainException('no key'), fn () => []])();
        }, 'log' => new Logger]);
        $reenters = $asks;
        $logs = client(service('good'), ['log' => function () use (&$asks) {
            $asks->events();
            throw new DomainException('no log');
        }]);
        $errors = [thrown(fn () => $closed->balance()), new Keyplate\Exception\TaskException('x', 5, new Exception)];
        $solution = new Solution('a', new Task('captchaai/a~b/c'));
        return [$asks, 'good' => client(service('good')), $logs, $closed, new Unmade, ...$bare, Key::fromValue(made_key()), new Redactor, new Redactor($logs), $redactor,
            new Task('4711', $solution), $solution, ...$errors, ...handles()];
    }

    /** Handles of every type, open and closed. */
    function handles(): array
    {
        $config = Raw\kp_config_new();
        Raw\kp_config_hold($config, 'mine', Raw\kp_secret_new(made_key()));
        Raw\kp_config_load($config, json_encode(['url' => ['captchaai' => getenv('KP_SERVICES') . '/good', 'nocaptchaai' => getenv('KP_SERVICES') . '/good'],
            'store' => 'memory:', 'keys' => ['held:mine']]));
        $client = Raw\kp_client_new($config);
        $runner = Raw\kp_runner_new($client);
        $closed = [Raw\kp_client_new($config), Raw\kp_op_new($client, Raw\KP_BALANCE)];
        Raw\kp_client_free($closed[0]);
        Raw\kp_op_free($closed[1]);
        $ops = array_map(fn ($kind) => Raw\kp_op_new($client, $kind), [Raw\KP_BALANCE, Raw\KP_SOLVE, Raw\KP_TELL]);
        return ['config' => $config, 'secret' => Raw\kp_secret_new('x'), 'client' => $client, 'op' => $ops[0], 'redactor' => Raw\kp_redactor_new($client),
            'runner' => $runner, 'local' => Raw\kp_runner_local($runner), ...$ops, ...$closed, new Raw\Handle];
    }

    function circle(): array
    {
        $loop = ['a' => 1, 'keys' => [1]];
        $loop['loop'] = &$loop;
        return $loop;
    }

    /** Takes apart again what holds itself, so that nothing is left over. */
    function value(array &$pool): mixed
    {
        switch (mt_rand(0, 9)) {
            case 0:
                return pick([null, true, false, 0, -1, 1, 60, 1 << 40, PHP_INT_MAX, PHP_INT_MIN, 1.5, -0.0, 1e300, NAN, INF]);
            case 1:
                return pick(['', "a\0b", "\xff\xfe\xc0", str_repeat('x', 70000), '0', '1e1000', 'turnstile', 'env:A', 'file:/', "file:a\0b", 'captchaai', '4711',
                    'a/b~c/d', 'always', 'timeout', '1s', 'host:key', 'held:key', '{"a":', "\u{202e}", str_repeat('[', 5000)]);
            case 2:
                return text();
            case 3:
                return pick([[], [[]], ['a' => ['b' => 'c']], [1 => 2], ["\0*\0a" => 1, '' => 2], array_fill(0, 500, 'x'), ['key' => fn () => 1], ['file' => "\0"],
                    ['from' => [Key::fromValue(made_key())]], ['sitekey' => 'a', 'pageurl' => PAGE], ['env:A', fn () => null], ['timeout' => NAN]]);
            case 4:
                return circle();
            case 5:
                return array_reduce(range(1, 100), fn ($deep) => mt_rand(0, 1) ? [$deep] : (object) ['a' => $deep], 1);
            case 6:
                return pick([fn () => new stdClass, fn () => new Text('text', $pool), fn () => new Text(null, $pool), fn () => (object) ['a' => 1, '' => NAN],
                    fn () => Suit::Hearts, fn () => new ArrayObject([1]), fn () => new WeakMap, fn () => new DateTimeImmutable, fn () => new Exception,
                    fn () => new Fiber(fn () => 1), fn () => (fn () => yield 1)(), fn () => new Logger, fn () => new SplObjectStorage, fn () => STDIN])();
            case 7:
                return pick([fn () => 1, fn () => throw new DomainException('no'), fn (...$all) => $all, fn (&$out) => $out = 1, strlen(...), fn () => made_key(),
                    fn () => pick($pool)->close()]);
            default:
                return pick($pool);
        }
    }

    /** Bytes that look like something. */
    function text(): string
    {
        $parts = ['key=', 'api_key: "', '"', '%', '%25', '\u00', '&#x', "\0", "\xff", '=', '?key=', ' ', "\n", '://u:p@h', 'Bearer ', '{"clientKey":"', MASK];
        $text = '';
        for ($i = mt_rand(0, 8); $i > 0; $i--) {
            $text .= mt_rand(0, 3) ? pick($parts) : bin2hex(random_bytes(mt_rand(1, 20)));
        }
        return $text;
    }

    /** What a function of SWIG's takes at that place, by its name; else any value. */
    function fitting_raw(string $name, int $at, array &$pool): mixed
    {
        $first = ['run' => 'runner', 'read' => 'op', 'hygiene' => 'client', 'error' => null, 'abi' => null, 'version' => null];
        $word = explode('_', $name)[1];
        $type = array_key_exists($word, $first) ? $first[$word] : $word;
        return match (true) {
            str_ends_with($name, '_new') => $pool[['kp_client_new' => 'config', 'kp_redactor_new' => 'client', 'kp_runner_new' => 'client', 'kp_op_new' => 'client'][$name] ?? 'good'],
            $at === 0 && $type !== null => $pool[$type] ?? value($pool),
            $at === 1 && in_array($name, ['kp_run', 'kp_run_for', 'kp_local_step']) => $pool['op'],
            default => mt_rand(0, 1) ? pick(['timeout', 'method', 'balance', 'task', '1s', text(), '']) : mt_rand(0, 7),
        };
    }

    /** What a parameter takes. */
    function fitting(ReflectionParameter $of, array &$pool): mixed
    {
        $function = $of->getDeclaringFunction();
        if (str_starts_with($function->name, 'Keyplate\Raw')) {
            return fitting_raw($function->getShortName(), $of->getPosition(), $pool);
        }
        $type = (string) $of->getType();
        return match (true) {
            str_contains($type, 'Task') => pick(['4711', 'captchaai/primary~00000000/5', new Task('4711')]),
            str_contains($type, 'Client') => $pool['good'],
            str_contains($type, 'bool') => (bool) mt_rand(0, 1),
            str_contains($type, 'array') => pick([[], ['sitekey' => 'a', 'pageurl' => PAGE], ['file' => "\0"], ['store' => 'memory:']]),
            str_contains($type, 'float') => mt_rand(1, 100) / 10,
            str_contains($type, 'int') => mt_rand(0, 100),
            $of->name === 'method' => 'turnstile',
            str_contains($type, 'string') => text(),
            default => value($pool),
        };
    }

    function arguments(ReflectionFunctionAbstract $of, array &$pool): array
    {
        if (mt_rand(0, 2) === 0) {
            return array_map(fn ($parameter) => fitting($parameter, $pool), array_slice($of->getParameters(), 0, mt_rand($of->getNumberOfRequiredParameters(), 4)));
        }
        $count = mt_rand(0, 4) ? mt_rand($of->getNumberOfRequiredParameters(), max($of->getNumberOfParameters(), 1)) : mt_rand(0, 9);
        $arguments = [];
        for ($i = 0; $i < $count; $i++) {
            $arguments[] = value($pool);
        }
        if (mt_rand(0, 3) === 0) {
            foreach ($of->getParameters() as $parameter) {
                if (mt_rand(0, 2) === 0 && $parameter->getPosition() >= count($arguments)) {
                    $arguments[$parameter->name] = value($pool);
                }
            }
            $arguments += mt_rand(0, 9) ? [] : ['no_such_name' => value($pool)];
        }
        if ($arguments && mt_rand(0, 4) === 0) {
            $name = array_key_last($arguments);
            $arguments[$name] = &$arguments[$name];
        }
        return $arguments;
    }

    /** A function, a method of some object, or a constructor. */
    function call(array $functions, array $methods, array &$pool): mixed
    {
        if (mt_rand(0, 1)) {
            $function = pick($functions);
            $arguments = arguments($function, $pool);
            $handles = array_values(array_filter($pool, fn ($object) => $object instanceof Raw\Handle));
            if (isset($arguments[0]) && str_starts_with($function->name, 'Keyplate\Raw') && mt_rand(0, 4) === 0) {
                $arguments[0] = pick($handles);
            }
            return $function->invokeArgs($arguments);
        }
        $method = pick($methods);
        $arguments = arguments($method, $pool);
        if ($method->isStatic()) {
            return $method->invokeArgs(null, $arguments);
        }
        if ($method->isConstructor()) {
            // Of an object of its own: with what is given here it might talk to a real service.
            $class = new ReflectionClass($method->class);
            $object = match ($class->name) {
                Key::class => Key::fromValue(made_key()),
                Redactor::class => $class->newInstanceArgs($arguments),
                default => $class->newInstanceWithoutConstructor(),
            };
            try {
                return $method->invokeArgs($object, $arguments);
            } finally {
                mt_rand(0, 1) && $method->invokeArgs($object, $arguments);
                shown($object);
            }
        }
        $able = array_filter($pool, fn ($object) => $object instanceof $method->class);
        return $method->invokeArgs($able && mt_rand(0, 4) ? pick($able) : pick($pool), $arguments);
    }

    /** What a program does with any object. */
    function handle(array &$pool): mixed
    {
        $object = pick($pool);
        $other = value($pool);
        return pick([
            fn () => clone $object,
            fn () => serialize($object),
            fn () => shown($object),
            fn () => $object == $other || $object <=> $other,
            fn () => $object->another,
            function () use ($object, $other) { $object->another = $other; },
            function () use ($object, $other) { $object->reference = $other; },
            function () use ($object) { unset($object->reference, $object->another); },
            function () use ($object) { $object[] = 1; },
            fn () => iterator_to_array((function () use ($object) { foreach ($object as $x) { yield $x; } })()),
            fn () => "$object",
            fn () => $object + 1,
            fn () => $object(),
            fn () => [get_object_vars($object), get_mangled_object_vars($object), (array) $object, (string) new ReflectionObject($object)],
            fn () => Closure::bind(function () { $this->errorCode = []; }, $object, $object::class)(),
            fn () => new Serial(...['config' => false, 'key' => $other]),
            fn () => $object->balance(...)->bindTo(pick($pool))?->__invoke(),
        ])();
    }

    /** Serialized things of ours, true or made up. */
    function thawed(array &$pool): mixed
    {
        $solution = new Solution('a', new Task('b'), 'captchaai', '***', 1.5, 3, '0.001');
        $text = pick([
            serialize($solution), serialize(new Task('x', $solution)), serialize(new Keyplate\Exception\TaskException('x')), serialize(thrown(fn () => (new Unmade)->balance())),
            'O:15:"Keyplate\Client":0:{}', 'C:15:"Keyplate\Client":0:{}', 'O:12:"Keyplate\Key":0:{}', 'O:17:"Keyplate\Redactor":0:{}', 'O:19:"Keyplate\Raw\Handle":0:{}',
            'O:6:"Unmade":0:{}', 'O:6:"Serial":0:{}', 'O:13:"Keyplate\Task":0:{}', 'O:13:"Keyplate\Task":1:{s:8:"solution";r:1;}',
            'O:13:"Keyplate\Task":2:{s:9:"reference";s:1:"a";s:2:"id";R:2;}', 'O:17:"Keyplate\Solution":1:{s:4:"task";O:17:"Keyplate\Solution":0:{}}',
            'a:2:{i:0;O:15:"Keyplate\Client":0:{}i:1;r:2;}', 'O:28:"Keyplate\Exception\Exception":0:{}',
            'O:32:"Keyplate\Exception\TaskException":1:{s:7:"' . "\0*\0" . 'task";O:13:"Keyplate\Task":0:{}}',
            'O:32:"Keyplate\Exception\TaskException":1:{s:12:"' . "\0*\0" . 'errorCode";R:1;}',
        ]);
        for ($i = mt_rand(0, 3); $i > 0; $i--) {
            $text[mt_rand(0, strlen($text) - 1)] = mt_rand(0, 1) ? chr(mt_rand(0, 255)) : pick(['"', ';', ':', '9', '0', '}', 'R', 'i']);
        }
        $thing = unserialize($text);
        if (is_object($thing) && str_starts_with($thing::class, 'Keyplate\\')) {
            shown($thing);
            foreach ((new ReflectionObject($thing))->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
                if (!$method->isConstructor() && !$method->isStatic() && $method->getNumberOfRequiredParameters() === 0) {
                    $method->invoke($thing);
                }
            }
            if ($thing instanceof Task) {
                return $pool['good']->result($thing);
            }
        }
        return $thing;
    }

    test('any arguments', function () {
        $extension = new ReflectionExtension('keyplate');
        $functions = array_values($extension->getFunctions());
        $methods = array_merge(...array_values(array_map(fn ($class) => $class->getMethods(), $extension->getClasses())));
        // They would take the class of their own exception with them.
        check(count($functions) > 40 && count($methods) > 200);
        // What is said beside errors is no matter here; now and then a program makes an exception of it.
        set_error_handler(fn ($level, $text) => mt_rand(0, 20) ? true : throw new ErrorException($text));
        ini_set('error_log', getenv('KP_TMP') . '/error_log');
        $pool = pool();
        $answered = $thrown = 0;
        for ($i = getenv('KP_LONG') ? 100_000 : 3000; $i > 0; $i--) {
            try {
                match (mt_rand(0, 9)) {
                    0 => handle($pool),
                    1 => thawed($pool),
                    default => call($functions, $methods, $pool),
                };
                $answered++;
            } catch (Throwable $problem) {
                $thrown++;
            }
            if (mt_rand(0, 30) === 0) {
                $pool = pool();
            }
        }
        restore_error_handler();
        check($answered > 300 && $thrown > 300, "$answered answered, $thrown thrown");
        same('12.5', client(service('good'))->balance());
        file_put_contents(getenv('KP_TMP') . '/figures', "hostile arguments: $answered answered, $thrown thrown\n", FILE_APPEND);
    });
    // Circles, for the sanitizers.
    gc_collect_cycles();
    echo "done\n";
}
?>
--EXPECTF--
seed %d
done
