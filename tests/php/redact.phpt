--TEST--
keys taken out of texts: rows R1 to R5, R3b, R3c
--INI--
memory_limit=1G
--FILE--
<?php
require __DIR__ . '/support.inc';

use Keyplate\Exception\UsageException;
use Keyplate\Redactor;

use function Keyplate\redact;

function each_byte(string $text, string $format): string
{
    return implode('', array_map(fn ($c) => sprintf($format, ord($c)), str_split($text)));
}

test('a text without keys comes back as it is', function () {
    foreach (["nothing to hide: 12 of 30, café\n", ''] as $text) {
        same($text, redact($text));
    }
});

test('r2_in_any_encoding', function () {
    $key = known('Kp+' . made_key(10) . '/x=&');
    $forms = ['plain' => $key, 'percent' => each_byte($key, '%%%02X'), 'twice' => each_byte($key, '%%25%02X'), 'upper' => strtoupper($key),
        'hex' => bin2hex($key), 'upper_hex' => strtoupper(bin2hex($key)), 'base64' => base64_encode($key),
        'base64_shift_1' => base64_encode("a$key"), 'base64_shift_2' => base64_encode("ab$key"),
        'base64url' => rtrim(strtr(base64_encode($key), '+/', '-_'), '='), 'json' => each_byte($key, '\u%04x'),
        'html' => each_byte($key, '&#%d;'), 'entities' => htmlspecialchars($key), 'rawurl' => rawurlencode($key), 'url' => urlencode($key),
        'json_encode' => substr(json_encode($key), 1, -1), 'utf16le' => implode("\0", str_split($key)) . "\0",
        'utf16be' => "\0" . implode("\0", str_split($key))];
    foreach ($forms as $name => $coded) {
        $out = redact("before $coded after");
        check(str_contains($out, MASK), $name);
        same(null, fragment_of($key, $out), $name);
        check(!str_contains($out, $coded), $name);
        check(str_starts_with($out, 'before ') && str_ends_with($out, ' after'), $name);
    }
});

test('r3_leaves_the_rest', function () {
    $h = made_key();
    foreach (['sha1 ' . made_key(20), 'sha256 ' . made_key(32), substr($h, 1) . ' ', "{$h}0 ", 'id 123e4567-e89b-12d3-a456-426614174000',
              "trace_id=$h", "traceparent: 00-$h-0123456789abcdef-01", "ETag: \"$h\"", "MD5 (file) = $h", 'monkey: business'] as $text) {
        same($text, redact($text));
    }
    same('run ' . MASK . ' end', redact("run $h end"));
});

test('r3b_values_of_any_shape_behind_key', function () {
    same('Using key: ' . MASK, redact('Using key: abc123def456ghi789jkl012mno345pq'));
    same('--key ' . MASK . ' -v', redact('--key some-thing -v'));
    same('{"clientKey":"' . MASK . '"}', redact('{"clientKey":"some thing"}'));
    same('http://' . MASK . '@proxy:80', redact('http://user:pass@proxy:80'));
});

test('r3c_short_keys_in_context_only', function () {
    known('test');
    same('this is a test', redact('this is a test'));
    same('key=' . MASK, redact('key=test'));
});

test('r4_prefixes_overlaps_neighbours', function () {
    $a = known('First-' . made_key(10));
    $b = known("$a-and-more");
    same(MASK, redact($b));
    same(MASK . 'x', redact("{$a}x"));
    same(MASK . MASK, redact($a . $a));
    same(MASK, redact(MASK));
});

test('r5_any_bytes', function () {
    $key = known('Any-' . made_key(12));
    $noise = str_repeat("\xff\xfe\0\xc0\x80abc ", 100000);
    same($noise, redact($noise));
    same($noise . MASK . $noise, redact($noise . $key . $noise));
    $line = str_repeat('x', getenv('KP_LONG') ? 100_000_000 : 1_000_000);
    same($line, redact($line));
});

test('the keys of this machine are known before any call', function () {
    $key = trim(file_get_contents(getenv('KP_LOCAL_KEY')));
    same('it is ' . MASK . '!', redact("it is $key!"));
});

test('r1_key_split_anywhere', function () {
    $key = known('Split-' . made_key(13));
    foreach ([$key, each_byte($key, '%%%02X'), base64_encode($key), bin2hex($key), strtoupper($key)] as $coded) {
        $text = "before $coded after";
        $whole = redact($text);
        for ($at = 0; $at <= strlen($text); $at++) {
            $r = new Redactor;
            $out = $r->feed(substr($text, 0, $at));
            same(null, fragment_of($key, $out));
            same($whole, $out . $r->feed(substr($text, $at)) . $r->close());
        }
        $r = new Redactor;
        $out = implode('', array_map([$r, 'feed'], str_split($text)));
        same($whole, $out . $r->close());
    }
});

test('r1_closed_in_the_middle', function () {
    $key = known('Closed-' . made_key(12));
    for ($at = 1; $at <= strlen($key); $at++) {
        $r = new Redactor;
        $out = $r->feed('before ' . substr($key, 0, $at)) . $r->close();
        same(null, fragment_of($key, $out));
        check(str_starts_with($out, 'before '));
    }
});

test('a redactor has options', function () {
    $h = made_key();
    $through = function (...$options) use ($h) {
        $r = new Redactor(...$options);
        return $r->feed($h) . $r->close();
    };
    same(MASK, $through(bareHex: 'always'));
    same($h, $through(bareHex: 'off'));
    $c = client(service('good'), ['redact' => ['bare_hex' => 'off']]);
    same($h, $through($c));
    same($h, $through(client: $c));
    same(MASK, $through(client: $c, bareHex: 'always'));
    thrown(fn () => $through(bareHex: 'no'), UsageException::class);
    $r = new Redactor($c);
    $c->close();
    same("a $h", $r->feed("a $h") . $r->close(), 'it keeps what it needs');
    thrown(fn () => $through($c), UsageException::class);
});

test('a redactor knows the keys of its client before a call', function () {
    $path = getenv('KP_TMP') . '/unused';
    $key = 'Unused-' . made_key(12);
    file_put_contents($path, "$key\n");
    $r = new Redactor(client(service('good'), ['key' => "file:$path"]));
    same('a ' . MASK, $r->feed("a $key") . $r->close());
});

test('a redactor can be closed twice, and takes nothing then', function () {
    $r = new Redactor;
    same('', $r->close());
    same('', $r->close());
    thrown(fn () => $r->feed('a'), UsageException::class);
});
echo "done\n";
?>
--EXPECT--
done
