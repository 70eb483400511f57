import Limits
import SyncCore

/// Looks at records as they are typed, imported or sealed, and collects what their authors may have to be told.
///
/// It only collects: neighbours share most of their keys, and whether a text looks like another is asked once at the end.
final class EntryWatch {
  private struct Place {
    var name: String
    /// The column of the key, or the index among the kind's shared fields; the latter nil for a column that stays here.
    var key: Int?
    var field: Int?
    var space: (index: Int, isReference: Bool)?
    var date: DoubtfulDates.Column?
  }

  private final class Plan {
    let kind: KindID
    let keys: [Place]
    let fields: [Place]
    /// The last text of each column of the key, and what is doubtful about it as a date.
    var last: [(text: [UInt8], problem: String?)]

    init(_ kind: KindID, keys: [Place], fields: [Place]) {
      (self.kind, self.keys, self.fields) = (kind, keys, fields)
      last = Array(repeating: ([], nil), count: keys.count)
    }
  }

  private let transaction: Transaction
  private let spaces: [SpellingSpace]
  private let doubt: DateDoubt
  private var plans: [KindID: Plan] = [:]
  private var current: Plan?
  /// The texts of each space. Neighbours that are the same are there once.
  private var texts: [[TypedEntries.Text]]
  private var dates = TypedEntries()

  init(_ transaction: Transaction) throws {
    self.transaction = transaction
    spaces = SpellingSpace.all(of: transaction.adopted.tables)
    texts = Array(repeating: [], count: spaces.count)
    doubt = try DateDoubt(today: transaction.today())
  }

  /// What was collected.
  var entries: TypedEntries {
    var entries = dates
    for (space, typed) in zip(spaces, texts) { entries.add(typed, in: space.title) }
    return entries
  }

  private func add(_ text: [UInt8], _ space: (index: Int, isReference: Bool), _ line: Int) {
    guard texts[space.index].count < StoreLimits.typedTexts else { return dates.overfill() }
    texts[space.index].append(TypedEntries.Text(bytes: text, line: line, isReference: space.isReference))
  }

  /// Looks at one record.
  ///
  /// - Parameters:
  ///   - isNew: whether its key was typed now.
  ///   - line: the line of a file on which it was typed; 0 where there is none.
  ///   - value: what was typed into a column, by its name and its index among the shared fields; nil for nothing.
  func look(
    _ table: KindTable, _ key: RecordKey, isNew: Bool, line: Int = 0, value: (String, Int?) -> Value?
  ) {
    let plan = plan(of: table)
    if isNew { lookAtKey(table, key, plan, line) }
    for place in plan.fields {
      guard case .text(let text) = value(place.name, place.field), !text.isEmpty else { continue }
      if let space = place.space { add(text, space, line) }
      guard let date = place.date, let problem = doubt.problem(text, date.type, date.role) else { continue }
      addDate(problem, date, table, key, line)
    }
  }

  private func lookAtKey(_ table: KindTable, _ key: RecordKey, _ plan: Plan, _ line: Int) {
    var start = 0
    for (index, place) in plan.keys.enumerated() {
      guard start <= key.bytes.count else { return }
      var end = start
      while end < key.bytes.count, key.bytes[end] != RecordKey.separator { end += 1 }
      let text = key.bytes[start..<end]
      start = end + 1
      guard place.space != nil || place.date != nil else { continue }
      if !plan.last[index].text.elementsEqual(text) {
        let bytes = Array(text)
        if let space = place.space { add(bytes, space, line) }
        plan.last[index] = (bytes, place.date.flatMap { doubt.problem(bytes, $0.type, $0.role) })
      }
      if let date = place.date, let problem = plan.last[index].problem {
        addDate(problem, date, table, key, line)
      }
    }
  }

  private func addDate(
    _ problem: String, _ date: DoubtfulDates.Column, _ table: KindTable, _ key: RecordKey, _ line: Int
  ) {
    dates.addDate(
      line: line,
      date.isPrivate
        ? "\(table.kind.name), \(date.name): the date is hardly meant"
        : "\(table.kind.name) \(KeyText.shown(key.display)), \(date.name): \(problem)")
  }

  private func plan(of table: KindTable) -> Plan {
    if let current, current.kind == table.kind.id { return current }
    let plan = plans[table.kind.id] ?? newPlan(table)
    plans[table.kind.id] = plan
    current = plan
    return plan
  }

  private func newPlan(_ table: KindTable) -> Plan {
    let dates = DoubtfulDates.columns(of: table, in: transaction.catalog)
    var keys: [Place] = []
    for (index, column) in table.kind.key.enumerated() {
      let own = spaces.firstIndex { $0.registered?.kind.id == table.kind.id && table.kind.key.count == 1 }
      keys.append(
        Place(
          name: column.name, key: index,
          space: own.map { ($0, false) } ?? space(of: column.name, in: table),
          date: dates.first { $0.isKey && $0.name.sameBytes(as: column.name) }))
    }
    let fields = table.kind.fields.compactMap { field -> Place? in
      let space = space(of: field.name, in: table)
      let date = dates.first { !$0.isKey && $0.name.sameBytes(as: field.name) }
      guard space != nil || date != nil else { return nil }
      return Place(name: field.name, field: table.fieldIndex(id: field.id), space: space, date: date)
    }
    return Plan(table.kind.id, keys: keys, fields: fields)
  }

  private func space(of column: String, in table: KindTable) -> (index: Int, isReference: Bool)? {
    spaces.firstIndex { space in
      space.uses.contains { $0.table.kind.id == table.kind.id && $0.column.sameBytes(as: column) }
    }.map { ($0, spaces[$0].registered != nil) }
  }
}

extension EntryWatch {
  /// Looks at a change that is being sealed.
  func look(_ change: Change, _ table: KindTable) {
    guard change.operation != .deletion else { return }
    look(table, change.key, isNew: change.operation == .insertion) { _, field in
      guard let field, table.fields.indices.contains(field) else { return nil }
      let id = table.fields[field].id
      for register in change.registers {
        for cell in register.content.cells where cell.field == id { return cell.value }
      }
      return nil
    }
  }
}
