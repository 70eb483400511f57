import ArgumentParser

/// Which record is meant.
struct RecordArguments: ParsableArguments {
  @Argument(help: "The kind, such as org_unit: a table of the file.")
  var kind: String

  @Argument(help: "The record's key; of several columns with slashes, such as ftuu-001/2026-09-30/territorial.")
  var key: String
}
