import Limits
import SyncCore

/// Compares what was typed with what there is.
struct EntryComparison {
  private let transaction: Transaction
  private var connection: Connection { transaction.connection }

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// What authors should look at in what they typed. The records have to be in their tables.
  func notes(on entries: TypedEntries) throws -> EntryNotes {
    var notes = EntryNotes()
    for note in entries.dates { notes.add(note) }
    notes.count = entries.dateCount
    for space in SpellingSpace.all(of: transaction.adopted.tables) {
      guard let texts = entries.texts[space.title] else { continue }
      for note in try lookAlikes(of: texts, in: space) { notes.add(note) }
    }
    if entries.isOverfull {
      notes.add(EntryNote(line: 0, words: "so much was typed that not every key was compared: run `birlik check`"))
    }
    return notes
  }

  /// Which other texts of a space look like some of them, each pair once.
  private func lookAlikes(
    of texts: [TypedEntries.Text], in space: SpellingSpace
  ) throws -> [EntryNote] {
    // Of each text, where it was typed first.
    var lines: [[UInt8]: Int] = [:]
    var wanted: [UInt64: [[UInt8]]] = [:]
    for typed in texts where lines[typed.bytes] == nil {
      if typed.isReference, try space.isRegistered(typed.bytes, connection) { continue }
      lines[typed.bytes] = typed.line
      wanted[Skeletons.hash(typed.bytes), default: []].append(typed.bytes)
    }
    guard !wanted.isEmpty else { return [] }
    var others: [[UInt8]: Set<[UInt8]>] = [:]
    var left = StoreLimits.keysComparedAtEntry
    try space.each(connection, isQuick: try !isSmall(space)) { bytes in
      left -= 1
      if let texts = wanted[Skeletons.hash(bytes)] {
        for text in texts where !bytes.elementsEqual(text) { others[text, default: []].insert(Array(bytes)) }
      }
      return left > 0
    }
    var notes: [EntryNote] = []
    for (text, found) in others.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      let skeleton = Skeletons.skeleton(text)
      let alike = found.filter { other in
        // Of two that were typed now, the pair is told with the later one.
        let isTold = others[other]?.contains(text) == true && text.lexicographicallyPrecedes(other)
        return !isTold && Skeletons.skeleton(other) == skeleton
      }.sorted { $0.lexicographicallyPrecedes($1) }
      guard !alike.isEmpty else { continue }
      notes.append(
        EntryNote(line: lines[text] ?? 0, words: "\(space.title): " + LookAlikeKeys.words([text] + alike)))
    }
    return notes.sorted { $0.line < $1.line }
  }

  /// Whether the tables that use the texts may be read whole for it.
  private func isSmall(_ space: SpellingSpace) throws -> Bool {
    var left = StoreLimits.rowsReadAtEntry
    for use in space.uses where !use.isIndexed && left > 0 {
      left -= try connection.count("(SELECT 1 FROM \(use.table.kind.name) LIMIT \(StoreLimits.rowsReadAtEntry))")
    }
    return left > 0
  }
}
