<?php
// hostile_texts.php: takes keys out of texts that a generator makes, whole and in parts, and writes both down for test_redact.py.
declare(strict_types=1);

use Keyplate\Redactor;

use function Keyplate\redact;

[, $folder, $seed, $documents, $texts] = $argv;
mt_srand((int) $seed);
$key = trim(file_get_contents(getenv('KP_LOCAL_KEY')));

/** The key in some coding. */
function coded(string $key): string
{
    $bytes = fn (string $format) => implode('', array_map(fn ($c) => sprintf($format, ord($c)), str_split($key)));
    return match (mt_rand(0, 9)) {
        0 => $bytes('%%%02X'), 1 => $bytes('%%25%02x'), 2 => $bytes('\u%04x'), 3 => $bytes('&#%d;'), 4 => bin2hex($key),
        5 => base64_encode(str_repeat('a', mt_rand(0, 2)) . $key), 6 => strtoupper($key), 7 => implode("\0", str_split($key)) . "\0",
        8 => substr($key, 0, mt_rand(1, strlen($key))), default => $key,
    };
}

function text(string $key): string
{
    $parts = ['key=', 'api_key: "', '"', "'", '%', '%25', '\u00', '&#x', '&amp;', "\0", "\xff", "\xc0\x80", '=', '?key=', '&', ' ', "\n", "\r\n", '://user:', '@h',
        'Authorization: Bearer ', '{"clientKey":"', '}', '[REDACTED]', 'trace_id=', 'ETag: "', "\u{e4}", 'a', '-----'];
    $text = '';
    for ($i = mt_rand(0, 12); $i > 0; $i--) {
        $text .= match (mt_rand(0, 5)) {
            0 => coded($key),
            1 => bin2hex(substr(hash('sha256', (string) mt_rand(), true), 0, mt_rand(1, 32))),
            2 => substr(hash('sha512', (string) mt_rand(), true), 0, mt_rand(1, 40)),
            default => $parts[mt_rand(0, count($parts) - 1)],
        };
    }
    return $text;
}

/** The same text through a redactor, cut anywhere. */
function in_parts(string $text): string
{
    $redactor = new Redactor;
    $out = '';
    $most = mt_rand(0, 1) ? 8 : 5000;
    for ($at = 0; $at < strlen($text); $at += $size) {
        $size = mt_rand(1, $most);
        $out .= $redactor->feed(substr($text, $at, $size));
    }
    return $out . $redactor->close();
}

for ($number = 0; $number < (int) $texts; $number++) {
    $text = text($key);
    if (redact($text) !== in_parts($text)) {
        exit("text $number in parts is another one: " . bin2hex($text));
    }
}
for ($number = 0; $number < (int) $documents; $number++) {
    $document = implode('', array_map(fn () => text($key), range(1, 200)));
    $shown = redact($document);
    if (in_parts($document) !== $shown) {
        exit("document $number in parts is another one");
    }
    file_put_contents("$folder/$number.text", $document);
    file_put_contents("$folder/$number.shown", $shown);
}
echo 'done';
