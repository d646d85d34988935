<?php
// adapter.php: does in PHP what the leak oracle asks for on stdin, and shows all that the extension lets a program see.
//
// One verb a line, its words parted by tabs; "ok" on stdout when it is done. README.md has the verbs.
declare(strict_types=1);

use Keyplate\Client;
use Keyplate\Key;
use Keyplate\Redactor;

final class Interrupted extends RuntimeException
{
}

function read_key(string $path): string
{
    return rtrim(file_get_contents($path));
}

/** Everything that PHP shows of a value. */
function show(string $name, mixed $value): void
{
    echo "$name=";
    var_dump($value);
    print_r($value);
    var_export($value);
    debug_zval_dump($value);
    echo json_encode($value, JSON_PARTIAL_OUTPUT_ON_ERROR), "\n", $value instanceof Stringable ? $value : '', "\n";
    try {
        echo serialize($value), "\n";
    } catch (Exception $problem) {
        echo $problem->getMessage(), "\n";
    }
    if (is_object($value)) {
        print_r((array) $value);
        echo new ReflectionObject($value), "\n";
    }
}

function show_failure(Throwable $problem): void
{
    if ($problem instanceof Keyplate\Exception\Exception) {
        show('thrown', $problem);
        error_log((string) $problem);
    } else {
        // What PHP itself keeps of our own functions; those of this program have the stray words themselves.
        error_log(get_class($problem) . ": {$problem->getMessage()}");
        print_r(array_filter($problem->getTrace(), fn ($frame) => str_starts_with($frame['class'] ?? $frame['function'], 'Keyplate\\')));
    }
    for ($at = $problem; $at; $at = $at->getPrevious()) {
        echo get_class($at), ": {$at->getMessage()}\n";
    }
    $class = $problem instanceof Interrupted ? 'cancelled' : 'usage';
    echo 'class=', $problem instanceof Keyplate\Exception\Exception ? $problem->getErrorClass() : $class, "\n";
}

/** Shows what it gives, or how it fails. */
function attempt(callable $work): void
{
    try {
        show('value', $work());
        echo "class=none\n";
    } catch (Throwable $problem) {
        show_failure($problem);
    }
}

final class Adapter
{
    private array $options = [];
    private ?Client $client = null;

    public function option(string $name, string $value): void
    {
        $this->options[$name] = str_starts_with($value, '[') ? json_decode($value, true) : $value;
    }

    public function key(string $how, string $path): void
    {
        if (isset($this->options['keys'])) {
            return;
        }
        $this->options['key'] = match ($how) {
            'file' => "file:$path",
            'value' => Key::fromValue(read_key($path)),
            default => static fn () => read_key($path),
        };
        show('key', $this->options['key']);
    }

    public function client(): void
    {
        if (isset($this->options['keys'])) {
            unset($this->options['key']);
        }
        attempt(fn () => $this->client = new Client(options: $this->options, log: static fn (...$event) => show('event', $event)));
    }

    public function learn(): void
    {
        (new Redactor($this->client))->close();
    }

    public function call(string $kind, string ...$words): void
    {
        $facts = $params = $more = [];
        foreach ($words as $word) {
            [$name, $value] = explode('=', $word, 2);
            if (str_starts_with($name, 'p.')) {
                $params[substr($name, 2)] = $value;
            } else {
                $facts[$name] = $value;
            }
        }
        if (!$this->client || isset($facts['dry_run'])) {
            echo $this->client ? "class=none\n" : '';
            return;
        }
        if (isset($facts['timeout_ms'])) {
            $more['timeout'] = $facts['timeout_ms'] / 1000;
        }
        if (isset($facts['key'])) {
            $more['key'] = $facts['key'];
        }
        $c = $this->client;
        attempt(fn () => match ($kind) {
            'submit', 'solve' => $c->$kind($facts['method'], $params, ...$more),
            'result', 'wait' => $c->$kind($facts['task'], ...$more),
            'report' => $c->report($facts['task'], $facts['good'] === '1', ...$more),
            default => $c->$kind(...$more),
        });
    }

    public function tell(): void
    {
        if (isset($this->options['key'])) {
            show('key', $this->options['key']);
        }
        if ($this->client) {
            show('client', $this->client);
            foreach (['keys', 'events', 'hygiene'] as $name) {
                attempt(fn () => $this->client->$name());
            }
        }
    }

    /** A part at a time, as a log would be written. */
    public function redact(string $path): void
    {
        $redactor = new Redactor($this->client);
        foreach (str_split(file_get_contents($path), 7) as $part) {
            echo $redactor->feed($part);
        }
        echo $redactor->close(), "\n", Keyplate\redact(file_get_contents($path)), "\n";
    }

    public function close(): void
    {
        $this->client?->close();
        $this->client = null;
        $this->options = [];
        gc_collect_cycles();
    }
}

ini_set('display_errors', 'stderr');
pcntl_async_signals(true);
pcntl_signal(SIGINT, fn () => throw new Interrupted('interrupted'));
$adapter = new Adapter;
while (($line = fgets(STDIN)) !== false) {
    $words = explode("\t", rtrim($line, "\n"));
    $verb = array_shift($words);
    $adapter->$verb(...$words);
    echo "\nok\n";
}
