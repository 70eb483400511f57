import Store
import SyncCore

/// The answer of `set` and `remove`.
enum EditAnswer {
  static func write(
    _ record: RecordArguments, _ outcome: EditOutcome, _ options: OutputOptions, notes: EntryNotes = EntryNotes()
  ) throws {
    for note in notes.words(atMost: 10) { StandardError.printNote(note) }
    if options.json {
      return try Output.answer([
        "kind": .string(record.kind), "key": .string(record.key), "outcome": .string(outcome.rawValue),
        "notes": .strings(notes.listed.map(\.words)),
      ])
    }
    try Output.print("\(record.kind) \(record.key): \(outcome.rawValue)")
  }
}
