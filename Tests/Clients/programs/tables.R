# Rscript tables.R DATABASE OPERATION: whole data frames, as RSQLite writes them.
suppressPackageStartupMessages(library(DBI))
arguments <- commandArgs(trailingOnly = TRUE)
db <- dbConnect(RSQLite::SQLite(), arguments[1], synchronous = NULL)
switch(arguments[2],
  append = {
    dbWriteTable(db, "document", data.frame(code = "r-1", title = "Anayasa", note = NA_character_), append = TRUE)
    dbAppendTable(db, "document", data.frame(code = c("r-2", "r-3"), title = c("Конституция", NA)))
  },
  overwrite = {
    documents <- dbReadTable(db, "document")
    documents$title[documents$code == "d-1"] <- "Labour code"
    documents <- rbind(documents, transform(documents[1, ], code = "r-9", title = "New", note = NA_character_))
    dbWriteTable(db, "document", documents, overwrite = TRUE)
  },
  overwrite_numbers = {
    returns <- dbReadTable(db, "membership_return")
    returns$members_total <- ifelse(returns$unit == "u-2", 222, returns$members_total)
    dbWriteTable(db, "membership_return", returns, overwrite = TRUE)
  },
  stop("unknown operation"))
dbDisconnect(db)
