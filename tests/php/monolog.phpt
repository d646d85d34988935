--TEST--
the Monolog classes of the Composer package, and loggers of PSR-3; with stand-ins for Monolog and PSR-3
--FILE--
<?php
namespace Psr\Log {
    interface LoggerInterface
    {
        public function log($level, string|\Stringable $message, array $context = []): void;
    }
}

namespace Monolog {
    class LogRecord
    {
        public function __construct(public readonly string $message, public readonly array $context = [], public readonly array $extra = [])
        {
        }

        public function with(mixed ...$changes): self
        {
            return new self(...($changes + get_object_vars($this)));
        }
    }
}

namespace Monolog\Processor {
    interface ProcessorInterface
    {
        public function __invoke(\Monolog\LogRecord $record);
    }
}

namespace Monolog\Formatter {
    interface FormatterInterface
    {
        public function format(\Monolog\LogRecord $record);
        public function formatBatch(array $records);
    }
}

namespace Monolog\Handler {
    interface FormattableHandlerInterface
    {
        public function setFormatter(\Monolog\Formatter\FormatterInterface $formatter): self;
        public function getFormatter(): \Monolog\Formatter\FormatterInterface;
    }
}

namespace Illuminate\Log {
    class Logger
    {
        public function __construct(private array $handlers)
        {
        }

        /** What Laravel's logger hands to the one of Monolog. */
        public function __call(string $name, array $arguments): array
        {
            return $name === 'getHandlers' ? $this->handlers : throw new \BadMethodCallException($name);
        }
    }
}

namespace {
    require __DIR__ . '/support.inc';
    foreach (['RedactingProcessor', 'RedactingFormatter'] as $name) {
        require getenv('KP_STUBS') . "/src/Monolog/$name.php";
    }
    require getenv('KP_STUBS') . '/examples/LaravelTap.php';

    use Keyplate\Client;
    use Keyplate\Monolog\RedactingFormatter;
    use Keyplate\Monolog\RedactingProcessor;
    use Monolog\LogRecord;

    final class Formatter implements Monolog\Formatter\FormatterInterface
    {
        public function format(LogRecord $record)
        {
            return "$record->message " . json_encode($record->context);
        }

        public function formatBatch(array $records)
        {
            return array_map([$this, 'format'], $records);
        }
    }

    final class Logger implements Psr\Log\LoggerInterface
    {
        public array $told = [];

        public function log($level, string|\Stringable $message, array $context = []): void
        {
            $this->told[] = [$level, (string) $message, $context];
        }
    }

    function nested(string $key): array
    {
        $error = new RuntimeException("outer $key", 0, new LogicException("inner $key"));
        $object = new class ($key) {
            public function __construct(public string $value)
            {
            }
        };
        return ['plain' => "a $key", 'api_key' => 'any value', 'deep' => [[['x' => $key]]], "name $key" => 1, 'error' => $error, 'object' => $object,
            'key' => Keyplate\Key::fromValue($key)];
    }

    test('k9_a_processor_takes_keys_out_of_records', function () {
        $key = known('Log-' . made_key(12));
        $clean = ['number' => 5, 'none' => null, 'list' => [1, 2.5, true], 'date' => new DateTimeImmutable, 'whole' => (object) ['a' => 'b']];
        foreach ([new LogRecord("got $key", nested($key) + $clean, nested($key))] as $record) {
            $done = (new RedactingProcessor)($record);
            same('got ' . MASK, $done->message);
            same(null, fragment_of($key, print_r($done, true)));
            same(MASK, $done->context['api_key']);
            foreach ($clean as $name => $value) {
                same($value, $done->context[$name], $name);
            }
        }
        // Monolog 2 has arrays.
        $done = (new RedactingProcessor)(['message' => "got $key", 'context' => nested($key), 'extra' => [], 'level' => 200]);
        same(null, fragment_of($key, print_r($done, true)));
        same(200, $done['level']);
    });

    test('k9_what_is_not_utf8_hides_no_key_in_an_object', function () {
        $key = known('Log-' . made_key(12));
        $object = new class ("\xff $key") implements JsonSerializable {
            public function __construct(public string $value)
            {
            }
            public function jsonSerialize(): array
            {
                return ['value' => $this->value];
            }
        };
        foreach ([$object, (object) ['inner' => (object) ['value' => "\xff $key"]]] as $value) {
            $done = (new RedactingProcessor)(new LogRecord('m', ['value' => $value]));
            same(null, fragment_of($key, print_r($done, true)));
        }
    });

    test('an object that cannot show itself is its class', function () {
        $json = new class implements JsonSerializable {
            public function jsonSerialize(): mixed
            {
                throw new LogicException('no');
            }
        };
        $text = new class {
            public function __toString(): string
            {
                throw new LogicException('no');
            }
        };
        foreach (['json' => $json, 'text' => $text, 'deep' => (object) ['json' => $json]] as $value) {
            $done = (new RedactingProcessor)(new LogRecord('m', ['value' => $value]));
            same('[object ' . get_debug_type($value) . ']', $done->context['value']);
        }
    });

    test('k9_a_formatter_takes_keys_out_of_what_is_written', function () {
        $key = known('Log-' . made_key(12));
        $formatter = new RedactingFormatter(new Formatter);
        $record = new LogRecord("got $key", ['deep' => ["b $key"]]);
        same('got ' . MASK . ' {"deep":["b ' . MASK . '"]}', $formatter->format($record));
        same(['got ' . MASK . ' {"deep":["b ' . MASK . '"]}'], $formatter->formatBatch([$record]));
    });

    test('k9_a_trace_that_is_cut_short_shows_no_part_of_a_key', function () {
        $key = known('Log-' . made_key(12));
        $error = nested($key)['error'];
        check(fragment_of($key, $error->getTraceAsString()) !== null, 'PHP shows it');
        $safe = fn () => new LogicException('all is well');
        $record = new LogRecord('m', ['error' => new RuntimeException('outer', 0, $error), 'safe' => $safe()]);
        $done = (new RedactingProcessor)($record);
        same(null, fragment_of($key, print_r($done->context['error'], true)));
        check($done->context['safe'] === $record->context['safe']);
        $plain = new class implements Monolog\Formatter\FormatterInterface {
            public function format(LogRecord $record)
            {
                return print_r($record->context, true);
            }

            public function formatBatch(array $records)
            {
                return implode('', array_map([$this, 'format'], $records));
            }
        };
        same(null, fragment_of($key, (new RedactingFormatter($plain))->format($record)));
        same(null, fragment_of($key, (new RedactingFormatter($plain))->formatBatch([$record])));
    });

    test('a circle in a record ends', function () {
        $loop = ['a' => 1];
        $loop['loop'] = &$loop;
        check((new RedactingProcessor)(new LogRecord('m', $loop))->context['a'] === 1);
        unset($loop);
        gc_collect_cycles();
    });

    final class Handler implements Monolog\Handler\FormattableHandlerInterface
    {
        private Monolog\Formatter\FormatterInterface $formatter;

        public function __construct()
        {
            $this->formatter = new Formatter;
        }

        public function setFormatter(Monolog\Formatter\FormatterInterface $formatter): self
        {
            $this->formatter = $formatter;
            return $this;
        }

        public function getFormatter(): Monolog\Formatter\FormatterInterface
        {
            return $this->formatter;
        }
    }

    test('k9_a_channel_of_laravel_has_no_key', function () {
        $key = known('Log-' . made_key(12));
        $handler = new Handler;
        (new App\Logging\LaravelTap)(new Illuminate\Log\Logger([new stdClass, $handler]));
        same('got ' . MASK . ' []', $handler->getFormatter()->format(new LogRecord("got $key")));
    });

    test('a logger of PSR-3 gets the events', function () {
        $logger = new Logger;
        client(service('good'), ['log' => $logger])->balance();
        check($logger->told !== []);
        foreach ($logger->told as [$level, $message, $event]) {
            check(in_array($level, ['debug', 'info', 'warning', 'error']) && $message !== '' && isset($event['event']));
        }
    });
    echo "done\n";
}
?>
--EXPECT--
done
