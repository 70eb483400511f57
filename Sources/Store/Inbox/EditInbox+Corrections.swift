import SyncCore

/// Edits that were not sealed because the catalog does not allow a value of them: `birlik_correction`, and what was typed
/// in `birlik_correction_value`. They wait until somebody corrects or drops them.
extension EditInbox {
  /// What became of an edit that waits for a correction.
  enum CorrectionState: Int {
    case open = 0
    case taken = 1
    case dropped = 2
  }

  /// An edit that waits for a correction.
  struct Correction {
    /// The number of the refused edit.
    var number: Int64
    var state: CorrectionState
    /// The field or key column that is wrong.
    var wrong: String
    /// What was typed, by column, in order of the columns' names.
    var values: [(column: String, value: Value)]
  }

  /// Adds what was typed of a refused edit, so that a correction can take it.
  func addCorrection(_ number: Int64, wrong: String, _ values: [(String, Value)]) throws {
    let insert = try connection.prepared("INSERT INTO birlik_correction(refused, wrong, state) VALUES(?1, ?2, 0)")
    insert.bind(1, number)
    insert.bind(2, text: wrong)
    try insert.step()
    let add = try connection.prepared(
      "INSERT INTO birlik_correction_value(refused, field, value) VALUES(?1, ?2, ?3) ON CONFLICT DO NOTHING")
    for (column, value) in values {
      add.bind(1, number)
      add.bind(2, text: column)
      add.bind(3, value)
      try add.step()
      add.reset()
    }
  }

  /// The edit that waits under a number; nil where there is none.
  func correction(_ number: Int64) throws -> Correction? {
    let find = try connection.prepared("SELECT wrong, state FROM birlik_correction WHERE refused=?1")
    find.bind(1, number)
    guard try find.step() else { return nil }
    let (wrong, state) = (find.string(0), CorrectionState(rawValue: find.int(1)) ?? .open)
    find.reset()
    let select = try connection.prepared(
      "SELECT field, value FROM birlik_correction_value WHERE refused=?1 ORDER BY field")
    select.bind(1, number)
    var values: [(column: String, value: Value)] = []
    while try select.step() { values.append((select.string(0), select.value(1))) }
    return Correction(number: number, state: state, wrong: wrong, values: values)
  }

  /// The numbers of all edits that wait or waited for a correction, with what became of each.
  func correctionStates() throws -> [Int64: CorrectionState] {
    let select = try connection.prepared("SELECT refused, state FROM birlik_correction")
    var states: [Int64: CorrectionState] = [:]
    while try select.step() { states[select.int64(0)] = CorrectionState(rawValue: select.int(1)) ?? .open }
    return states
  }

  func closeCorrection(_ number: Int64, _ state: CorrectionState) throws {
    let close = try connection.prepared("UPDATE birlik_correction SET state=?2 WHERE refused=?1")
    close.bind(1, number)
    close.bind(2, state.rawValue)
    try close.step()
  }

  /// How many edits wait for a correction.
  func openCorrectionCount() throws -> Int { try connection.count("birlik_correction WHERE state=0") }
}
