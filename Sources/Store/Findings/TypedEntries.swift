import Limits
import SyncCore

/// Something about what was typed that its author should look at. It was taken all the same.
public struct EntryNote: Sendable, Equatable {
  /// The line of the file that it came from; 0 where there is none.
  public var line: Int
  public var words: String
}

/// What was typed, as far as somebody may have to be told of it: which keys and references, and which doubtful dates.
/// `Store.notes` says of which texts others look alike.
public struct TypedEntries: Sendable, Equatable {
  struct Text: Sendable, Equatable {
    var bytes: [UInt8]
    /// Where it was typed.
    var line: Int
    /// Whether it was typed as a reference only: then it is no news where it is registered.
    var isReference: Bool
  }

  /// The texts of each `SpellingSpace`, by its title; one that was typed several times may be there as often.
  private(set) var texts: [String: [Text]] = [:]
  /// Whether there were more texts than are kept.
  private(set) var isOverfull = false
  private(set) var dates: [EntryNote] = []
  private(set) var dateCount = 0

  public init() {}

  public var isEmpty: Bool { texts.isEmpty && dateCount == 0 }

  /// Adds texts of a space, as far as there is room.
  mutating func add(_ typed: some Collection<Text>, in space: String) {
    guard !typed.isEmpty else { return }
    let room = max(0, StoreLimits.typedTexts - texts[space, default: []].count)
    isOverfull = isOverfull || typed.count > room
    texts[space, default: []] += typed.prefix(room)
  }

  /// Marks that there were more texts than are kept.
  mutating func overfill() { isOverfull = true }

  mutating func addDate(line: Int, _ words: @autoclosure () -> String) {
    dateCount += 1
    if dates.count < StoreLimits.entryNotes { dates.append(EntryNote(line: line, words: words())) }
  }

  /// Adds what was typed later.
  public mutating func add(_ later: TypedEntries) {
    for (space, typed) in later.texts { add(typed, in: space) }
    isOverfull = isOverfull || later.isOverfull
    dates += later.dates.prefix(max(0, StoreLimits.entryNotes - dates.count))
    dateCount += later.dateCount
  }
}

/// What authors should look at: the first notes, and how many there are.
public struct EntryNotes: Sendable, Equatable {
  public internal(set) var listed: [EntryNote] = []
  public internal(set) var count = 0

  public init() {}

  mutating func add(_ note: @autoclosure () -> EntryNote) {
    count += 1
    if listed.count < StoreLimits.entryNotes { listed.append(note()) }
  }

  /// The first notes in words, and how many more there are.
  public func words(atMost most: Int) -> [String] {
    let shown = listed.prefix(most)
    return shown.map(\.words)
      + (count > shown.count ? ["and \(count - shown.count) more: `birlik check` lists them"] : [])
  }
}
