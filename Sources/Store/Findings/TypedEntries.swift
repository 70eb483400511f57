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
    /// Where it was typed first.
    var line: Int
    /// Whether it was typed as a reference only: then it is no news where it is registered.
    var isReference: Bool
  }

  /// The texts of each `SpellingSpace`, by its title.
  private(set) var texts: [String: [[UInt8]: Text]] = [:]
  private var textCount = 0
  /// Whether there were more texts than are kept.
  private(set) var isOverfull = false
  private(set) var dates: [EntryNote] = []
  private(set) var dateCount = 0

  public init() {}

  public var isEmpty: Bool { texts.isEmpty && dateCount == 0 }

  mutating func add(_ text: [UInt8], in space: String, line: Int, isReference: Bool) {
    if let known = texts[space]?[text] {
      if known.isReference, !isReference { texts[space]?[text] = Text(line: line, isReference: false) }
      return
    }
    guard textCount < StoreLimits.typedTexts else {
      isOverfull = true
      return
    }
    textCount += 1
    texts[space, default: [:]][text] = Text(line: line, isReference: isReference)
  }

  mutating func addDate(line: Int, _ words: @autoclosure () -> String) {
    dateCount += 1
    if dates.count < StoreLimits.entryNotes { dates.append(EntryNote(line: line, words: words())) }
  }

  /// Adds what was typed later.
  public mutating func add(_ later: TypedEntries) {
    for (space, texts) in later.texts {
      for (text, typed) in texts { add(text, in: space, line: typed.line, isReference: typed.isReference) }
    }
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
