<?php
// php run.php DATABASE SCRIPT: runs each statement of the script with its parameters bound, by PDO.
[, $database, $script] = $argv;
$db = new PDO("sqlite:$database", null, null, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
foreach (file($script, FILE_IGNORE_NEW_LINES) as $line) {
    $parameters = explode("\t", $line);
    $statement = $db->prepare(array_shift($parameters));
    foreach ($parameters as $index => $parameter) {
        $value = substr($parameter, 1);
        match ($parameter[0]) {
            'n' => $statement->bindValue($index + 1, null, PDO::PARAM_NULL),
            'i' => $statement->bindValue($index + 1, (int) $value, PDO::PARAM_INT),
            default => $statement->bindValue($index + 1, $value, PDO::PARAM_STR),
        };
    }
    $statement->execute();
    $statement->closeCursor();
}
