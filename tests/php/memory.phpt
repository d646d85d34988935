--TEST--
clients, calls that fail, redactors and texts come and go, and memory stays as it was
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Client;
use Keyplate\Key;
use Keyplate\Redactor;

const MOST_GROWN = 1024; // kilobytes

/** Kilobytes of this process. */
function resident(): int
{
    preg_match('/VmRSS:\s+(\d+)/', file_get_contents('/proc/self/status'), $found);
    return (int) $found[1];
}

/** So many rounds, after some to warm up, grow this process by less than a mebibyte. */
function flat(string $name, int $warm, int $rounds, callable $round): void
{
    for ($i = 0; $i < $warm; $i++) {
        $round($i);
    }
    gc_collect_cycles();
    $before = resident();
    for ($i = 0; $i < $rounds; $i++) {
        $round($i);
    }
    gc_collect_cycles();
    $grown = resident() - $before;
    file_put_contents(getenv('KP_TMP') . '/figures', "$name: $rounds rounds, $grown kB\n", FILE_APPEND);
    check($grown < MOST_GROWN, "$name: grown by $grown kB");
}

function cycle(int $number): void
{
    $key = $number % 2 ? Key::fromValue('one and the same key') : fn () => throw new LogicException('there is none');
    $c = new Client(config: false, key: $key, store: 'memory:', log: fn () => 1);
    try {
        $number % 3 ? $c->submit('turnstile', ['sitekey' => "a\0"]) : $c->balance(timeout: 0.001);
        check(false, 'nothing was thrown');
    } catch (Keyplate\Exception\Exception $error) {
        $error->getTask();
    }
    $r = new Redactor($c);
    $r->feed('key=abcdefgh ');
    $c->events();
    $c->close();
    Keyplate\redact('key=abcdefgh');
}

/** 64 KiB: what a log may have, with keys here and there. */
function log_text(): string
{
    $key = known(made_key());
    $line = "2026-01-01T00:00:00Z GET /res.php?action=get&id=4711 200 \u{e4}\u{f6}\u{fc} \"some words\" took 0.25 s\n";
    $text = '';
    while (strlen($text) < 65536) {
        $text .= str_repeat($line, 50) . "key=$key and $key\n";
    }
    return substr($text, 0, 65536);
}

$long = (bool) getenv('KP_LONG');
test('create, call, throw, close', fn () => flat('cycles', 1000, $long ? 1_000_000 : 3000, cycle(...)));
test('texts of 64 KiB', function () use ($long) {
    $text = log_text();
    $shown = Keyplate\redact($text);
    check(str_contains($shown, MASK));
    $parts = str_split($text, 10000);
    flat('redactions of 64 KiB', 50, $long ? 100_000 : 300, function (int $number) use ($text, $shown, $parts) {
        if ($number % 2) {
            $found = Keyplate\redact($text);
        } else {
            $r = new Redactor;
            $found = implode('', array_map([$r, 'feed'], $parts)) . $r->close();
        }
        check($found === $shown, 'another text came out');
    });
});
echo "done\n";
?>
--EXPECT--
done
