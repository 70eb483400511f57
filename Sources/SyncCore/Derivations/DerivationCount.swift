/// Counts the rows of a local kind, one after the other, into the records of a derivation.
///
/// Memory grows with the records that come out, not with the rows that go in; counting different texts keeps those of
/// the rows that are counted.
///
/// ```swift
/// var count = try DerivationCount(derivation, over: DayRange(date: day), named: "2026-09-30", federation: "ftuu")
/// for row in rows { count.add(row) }     // one value for each of `count.fields`
/// count.records                          // in order of key
/// ```
public struct DerivationCount {
  /// One record as counted, before anything is withheld.
  public struct Record: Sendable, Equatable {
    public var key: RecordKey
    /// One figure for each measure; nil where no row has a value.
    public var figures: [Int64?]
  }

  /// Whether a condition holds of a row; unknown where the row has no value.
  enum Answer: Equatable {
    case yes, no, undecided
  }

  private struct Cell {
    var counts: [Int64]
    /// For each measure whether any row had a value.
    var isCollected: [Bool]
    var texts: [Set<[UInt8]>]
    /// For each measure whether a row has a word that is probably meant for one of its codes.
    var isDoubtful: [Bool]
  }

  /// The words of a field that conditions look for, and those that rows have.
  private struct Words {
    var field: String
    var place: Int
    var codes: [String]
    /// Whether any counted row has one of the codes.
    var isMatched = false
    /// The other words of counted rows, with the number of rows.
    var others: [[UInt8]: Int64] = [:]
  }

  /// Words of a field that no condition knows.
  public struct Strange: Sendable, Equatable {
    public var field: String
    /// What the conditions look for.
    public var codes: [String]
    /// The words with the number of rows, the most frequent first.
    public var words: [(word: String, rows: Int64)]
    /// True when figures are left out because of them: no row has a code, or a word was probably meant for one.
    public var isInDoubt: Bool

    public static func == (a: Self, b: Self) -> Bool {
      a.field == b.field && a.codes == b.codes && a.isInDoubt == b.isInDoubt
        && a.words.elementsEqual(b.words) { $0.word == $1.word && $0.rows == $1.rows }
    }
  }

  /// So many different words of a field are told apart.
  private static let strangeWords = 64

  /// The source's fields in the order in which `add` expects their values.
  public let fields: [String]
  /// Rows that were looked at, and those that were counted.
  public private(set) var rows: Int64 = 0
  public private(set) var counted: Int64 = 0
  /// Rows of which it is not certain that they belong: their dates are empty or known in part only.
  public private(set) var undecided: Int64 = 0
  /// Rows without a key, such as a member of no organization.
  public private(set) var keyless: Int64 = 0
  /// For each measure the counted rows without a value.
  public private(set) var untold: [Int64]

  private let derivation: Derivation
  private let days: DayRange
  private let parts: [Part]
  private let conditions: [(place: Int, condition: Derivation.Condition)]
  private let measures: [(distinct: Int?, conditions: [(place: Int, condition: Derivation.Condition)])]
  private var words: [Words]
  private var cells: [Cell] = []
  private var places: [[UInt8]: Int] = [:]

  private enum Part {
    case field(Int)
    case each(Int)
    case fixed([UInt8])
  }

  /// - Parameters:
  ///   - days: what the run is asked for.
  ///   - name: the same as it is written in keys, such as `2026-09-30` or `2026-10`.
  ///   - federation: the code of the federation whose machine it is.
  public init(_ derivation: Derivation, over days: DayRange, named name: String, federation: String) {
    self.derivation = derivation
    self.days = days
    let fields = derivation.sourceFields
    self.fields = fields
    func place(_ name: String) -> Int { fields.firstIndex { $0.sameBytes(as: name) } ?? 0 }
    func placed(_ conditions: [Derivation.Condition]) -> [(place: Int, condition: Derivation.Condition)] {
      conditions.map { (place($0.field), $0) }
    }
    parts = derivation.key.map { part in
      switch part {
      case .field(let field): .field(place(field))
      case .each(let field): .each(place(field))
      case .span: .fixed(Array(name.utf8))
      case .federation: .fixed(Array(federation.utf8))
      case .text(let text): .fixed(Array(text.utf8))
      }
    }
    conditions = placed(derivation.conditions)
    measures = derivation.measures.map { ($0.distinct.map(place), placed($0.conditions)) }
    untold = Array(repeating: 0, count: measures.count)
    var words: [Words] = []
    for condition in derivation.measures.flatMap(\.conditions) {
      guard case .oneOf(let codes) = condition.test else { continue }
      if let known = words.firstIndex(where: { $0.field.sameBytes(as: condition.field) }) {
        words[known].codes += codes
      } else {
        words.append(Words(field: condition.field, place: place(condition.field), codes: codes))
      }
    }
    self.words = words
  }

  /// How many records there are so far.
  public var count: Int { cells.count }

  /// - Parameter values: one for each of `fields`.
  public mutating func add(_ values: [Value]) {
    rows += 1
    switch answer(conditions, values) {
    case .no: return
    case .undecided:
      undecided += 1
      return
    case .yes: break
    }
    let keys = keys(values)
    guard !keys.isEmpty else {
      keyless += 1
      return
    }
    counted += 1
    hear(values)
    let answers = measures.map { answer($0.conditions, values) }
    for (index, answer) in answers.enumerated() where answer == .undecided { untold[index] += 1 }
    for key in keys { add(values, answers, to: key) }
  }

  private mutating func add(_ values: [Value], _ answers: [Answer], to key: [UInt8]) {
    let place: Int
    if let known = places[key] {
      place = known
    } else {
      place = cells.count
      places[key] = place
      cells.append(
        Cell(
          counts: Array(repeating: 0, count: measures.count),
          isCollected: Array(repeating: false, count: measures.count),
          texts: Array(repeating: [], count: measures.contains { $0.distinct != nil } ? measures.count : 0),
          isDoubtful: Array(repeating: false, count: measures.count)))
    }
    for (index, measure) in measures.enumerated() {
      if let distinct = measure.distinct {
        guard case .text(let text) = values[distinct], !text.isEmpty else {
          untold[index] += 1
          continue
        }
        cells[place].isCollected[index] = true
        if cells[place].texts[index].insert(text).inserted { cells[place].counts[index] += 1 }
      } else if answers[index] != .undecided {
        cells[place].isCollected[index] = true
        if answers[index] == .yes { cells[place].counts[index] += 1 }
      } else if measure.conditions.contains(where: { Self.isDoubtful($0.condition, values[$0.place]) }) {
        cells[place].isDoubtful[index] = true
      }
    }
  }

  /// What was counted, in order of key.
  public var records: [Record] {
    places.map { key, place in
      let cell = cells[place]
      return Record(
        key: RecordKey(bytes: key),
        figures: cell.counts.indices.map { index in
          let isKnown =
            cell.isCollected[index] && !cell.isDoubtful[index] && !(cell.counts[index] == 0 && isDeaf(index))
          return isKnown ? cell.counts[index] : nil
        })
    }.sorted { $0.key < $1.key }
  }

  // MARK: Words

  private mutating func hear(_ values: [Value]) {
    for index in words.indices {
      guard case .text(let text) = values[words[index].place], !text.isEmpty else { continue }
      if words[index].codes.contains(where: { $0.utf8.elementsEqual(text) }) {
        words[index].isMatched = true
      } else if words[index].others.count < Self.strangeWords || words[index].others[text] != nil {
        words[index].others[text, default: 0] += 1
      }
    }
  }

  /// True for a measure of codes that no row has, though rows have other words: a zero would say that there is nobody.
  private func isDeaf(_ measure: Int) -> Bool {
    measures[measure].conditions.contains { place, condition in
      guard case .oneOf = condition.test, let known = words.first(where: { $0.place == place }) else { return false }
      return !known.isMatched && !known.others.isEmpty
    }
  }

  /// Words that no condition knows, by field.
  public var strange: [Strange] {
    words.filter { !$0.others.isEmpty }.map { known in
      let others = known.others.sorted {
        $0.value == $1.value ? $0.key.lexicographicallyPrecedes($1.key) : $0.value > $1.value
      }
      return Strange(
        field: known.field, codes: known.codes,
        words: others.map { (word: String(decoding: $0.key, as: UTF8.self), rows: $0.value) },
        isInDoubt: !known.isMatched || known.others.keys.contains { Self.isLike($0, known.codes) })
    }
  }

  private static func isDoubtful(_ condition: Derivation.Condition, _ value: Value) -> Bool {
    guard case .oneOf(let codes) = condition.test, case .text(let text) = value, !text.isEmpty else { return false }
    return !codes.contains { $0.utf8.elementsEqual(text) } && isLike(text, codes)
  }

  /// True for a word that was probably meant for one of the codes: in other letters, with space around it, or cut short.
  private static func isLike(_ text: [UInt8], _ codes: [String]) -> Bool {
    let word = String(decoding: text, as: UTF8.self).lowercased().filter { !$0.isWhitespace && $0 != "." }
    return !word.isEmpty && codes.contains { $0.lowercased().hasPrefix(word) }
  }

  // MARK: Keys

  /// The keys that a row counts to; none when a column of it is empty.
  private func keys(_ values: [Value]) -> [[UInt8]] {
    var keys: [[UInt8]] = [[]]
    for (index, part) in parts.enumerated() {
      let texts: [[UInt8]]
      switch part {
      case .fixed(let text): texts = [text]
      case .field(let place):
        guard case .text(let text) = values[place], let text = Self.key(text) else { return [] }
        texts = [text]
      case .each(let place):
        guard case .text(let json) = TypedValue.normal(values[place], .set), let set = TextSet(json: json) else {
          return []
        }
        var known: Set<[UInt8]> = []
        texts = set.elements.compactMap(Self.key).filter { known.insert($0).inserted }
      }
      keys = keys.flatMap { key in texts.map { index == 0 ? $0 : key + [RecordKey.separator] + $0 } }
    }
    return keys
  }

  /// A text as a key holds it: without blanks around it and what nobody sees, which no key may hold. Nil for a text that
  /// can be none.
  private static func key(_ text: [UInt8]) -> [UInt8]? {
    guard !text.isEmpty, !text.contains(RecordKey.separator), Validity.isUTF8(text) else { return nil }
    let key = KeyText.problem(text) == nil ? text : KeyText.cleaned(text)
    return key.isEmpty ? nil : key
  }

  // MARK: Conditions

  private func answer(_ conditions: [(place: Int, condition: Derivation.Condition)], _ values: [Value]) -> Answer {
    var isCertain = true
    for (place, condition) in conditions {
      switch Self.answer(condition, values[place], days) {
      case .no: return .no
      case .undecided: isCertain = false
      case .yes: break
      }
    }
    return isCertain ? .yes : .undecided
  }

  /// A date that is known in part holds only when each of its days would.
  static func answer(_ condition: Derivation.Condition, _ value: Value, _ days: DayRange) -> Answer {
    guard case .text(let text) = value, !text.isEmpty else { return condition.allowsEmpty ? .yes : .undecided }
    if case .oneOf(let codes) = condition.test {
      if codes.contains(where: { $0.utf8.elementsEqual(text) }) { return .yes }
      return isLike(text, codes) ? .undecided : .no
    }
    // What stays on this machine is never sealed, so that a day may still be written as midnight.
    guard case .text(let date) = TypedValue.normal(value, .date), let date = DayRange(date: date) else {
      return .undecided
    }
    switch condition.test {
    case .reached: return answer(yes: date.last <= days.last, no: date.first > days.last)
    case .notReached: return answer(yes: date.first > days.last, no: date.last <= days.last)
    case .within:
      return answer(
        yes: date.first >= days.first && date.last <= days.last, no: date.last < days.first || date.first > days.last)
    case .younger(let years):
      let (youngest, oldest) = (days.last.years(since: date.last), days.last.years(since: date.first))
      return answer(yes: youngest >= 0 && oldest < years, no: youngest >= years)
    case .oneOf: return .undecided
    }
  }

  private static func answer(yes: Bool, no: Bool) -> Answer { yes ? .yes : no ? .no : .undecided }
}
