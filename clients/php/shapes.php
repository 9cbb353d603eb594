<?php
// Compares an answer with the answer that the document prints.

declare(strict_types=1);

const SLASHES = '/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d$/D'; // 2021/10/10 20:00:00
const WITH_T = '/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/D';    // 2021-11-19T12:00:00
const DASHES = '/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/D';    // 2021-11-01 12:00:00

/**
 * A shape is the name of a type as gettype() has it, a pattern for text, a value in an array of one (exactly that), or
 * the members that must be there, each with its shape. Members that the document does not print are let through.
 */
function expect(mixed $shape, mixed $value, string $where): void
{
    if (is_array($shape) && array_is_list($shape)) {
        $fits = $value === $shape[0];
    } elseif (is_array($shape)) {
        foreach ($shape as $name => $inside) {
            if (!is_array($value) || !array_key_exists($name, $value)) {
                throw new UnexpectedValueException("$where has no $name: " . json_encode($value));
            }
            expect($inside, $value[$name], "$where.$name");
        }
        $fits = true;
    } elseif (str_starts_with($shape, '/')) {
        $fits = is_string($value) && preg_match($shape, $value) === 1;
    } else {
        $fits = gettype($value) === $shape && $value !== '';
    }
    if (!$fits) {
        throw new UnexpectedValueException("$where is not " . json_encode($shape) . ': ' . json_encode($value));
    }
}

/** A list, in which each row has the shape. */
function expectRows(array $shape, int $count, array $rows, string $where): void
{
    if (!array_is_list($rows) || count($rows) !== $count) {
        throw new UnexpectedValueException("$where is not a list of $count: " . json_encode($rows));
    }
    foreach ($rows as $index => $row) {
        expect($shape, $row, "{$where}[$index]");
    }
}

/** A call that the document says must fail. */
function expectRefusal(int $status, callable $call, string $where): void
{
    try {
        $call();
    } catch (ApiError $error) {
        if ($error->status === $status && $error->member('ok') === false) {
            return;
        }
        throw new UnexpectedValueException("$where is answered {$error->getMessage()}, not $status", 0, $error);
    }
    throw new UnexpectedValueException("$where is not refused");
}
