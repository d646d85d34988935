--TEST--
clients, calls that fail and redactors come and go, and memory stays as it was
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Client;
use Keyplate\Key;
use Keyplate\Redactor;

/** Kilobytes of this process. */
function resident(): int
{
    preg_match('/VmRSS:\s+(\d+)/', file_get_contents('/proc/self/status'), $found);
    return (int) $found[1];
}

function cycle(int $number): void
{
    $key = $number % 2 ? Key::fromValue('one and the same key') : fn () => throw new LogicException('there is none');
    $c = new Client(config: false, key: $key, store: 'memory:', log: fn () => 1);
    try {
        $number % 3 ? $c->submit('turnstile', ['sitekey' => "a\0"]) : $c->balance(timeout: 0.001);
    } catch (Keyplate\Exception\Exception $error) {
        $error->getTask();
    }
    $r = new Redactor($c);
    $r->feed('key=abcdefgh ');
    $c->events();
    Keyplate\redact('key=abcdefgh');
}

$rounds = getenv('KP_LONG') ? 1_000_000 : 3000;
for ($i = 0; $i < 1000; $i++) {
    cycle($i);
}
gc_collect_cycles();
$before = resident();
for ($i = 0; $i < $rounds; $i++) {
    cycle($i);
}
gc_collect_cycles();
$grown = resident() - $before;
echo $grown < 1024 ? "done\n" : "grown by $grown kB\n";
?>
--EXPECT--
done
