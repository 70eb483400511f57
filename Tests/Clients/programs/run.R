# Rscript run.R DATABASE SCRIPT: runs each statement of the script with its parameters bound, by RSQLite.
suppressPackageStartupMessages(library(DBI))
arguments <- commandArgs(trailingOnly = TRUE)
db <- dbConnect(RSQLite::SQLite(), arguments[1], synchronous = NULL)
for (line in readLines(arguments[2], encoding = "UTF-8")) {
  parts <- strsplit(line, "\t", fixed = TRUE)[[1]]
  values <- lapply(parts[-1], function(part) {
    value <- substring(part, 2)
    switch(substr(part, 1, 1), n = NA, i = as.integer(value), value)
  })
  if (length(values) > 0) dbExecute(db, parts[1], params = values) else dbExecute(db, parts[1])
}
dbDisconnect(db)
