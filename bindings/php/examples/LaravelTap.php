<?php

declare(strict_types=1);

// LaravelTap.php: keeps keys out of a log channel of Laravel. Copy it to app/Logging/, and name it in config/logging.php:
//
//     'daily' => ['driver' => 'daily', 'path' => storage_path('logs/laravel.log'), 'tap' => [App\Logging\LaravelTap::class]],
//
// With `php artisan config:cache`, env() gives nothing outside of config/: let keyplate read its key by itself
// (CAPTCHAAI_API_KEY_FILE, or key: 'file:…'), or hand it over with Keyplate\Key::fromValue(config('services.captchaai.key')).

namespace App\Logging;

use Illuminate\Log\Logger;
use Keyplate\Monolog\RedactingFormatter;
use Monolog\Handler\FormattableHandlerInterface;

final class LaravelTap
{
    public function __invoke(Logger $logger): void
    {
        foreach ($logger->getHandlers() as $handler) {
            if ($handler instanceof FormattableHandlerInterface) {
                $handler->setFormatter(new RedactingFormatter($handler->getFormatter()));
            }
        }
    }
}
