import Limits
import SyncCore

/// Many texts in one run of bytes, with a dictionary where texts repeat.
public struct TextColumn: Equatable, Sendable {
  /// The distinct texts, one after the other.
  public private(set) var bytes: [UInt8] = []
  /// Where each distinct text ends in `bytes`.
  public private(set) var ends: [Int32] = []
  /// The number of the distinct text at each place; nil when no text is shared.
  public private(set) var indices: [Int32]?

  public init() {}

  init(bytes: [UInt8], ends: [Int32], indices: [Int32]?) {
    self.bytes = bytes
    self.ends = ends
    self.indices = indices
  }

  public var count: Int { indices?.count ?? ends.count }

  /// How many distinct texts there are; `dictionaryIndex` gives the number of each.
  public var distinctCount: Int { ends.count }

  /// The number of the distinct text at a place. The place has to be below `count`.
  public func dictionaryIndex(_ place: Int) -> Int { indices.map { Int($0[place]) } ?? place }

  /// The place in `bytes` of a distinct text.
  public func range(distinct index: Int) -> Range<Int> {
    (index == 0 ? 0 : Int(ends[index - 1]))..<Int(ends[index])
  }

  /// The length of the text at a place below `count`.
  func length(_ place: Int) -> Int { range(distinct: dictionaryIndex(place)).count }

  /// The bytes of all texts, each counted as often as it occurs.
  var contentBytes: Int {
    guard let indices else { return bytes.count }
    return indices.reduce(0) { $0 + range(distinct: Int($1)).count }
  }

  /// The text at a place below `count`.
  public subscript(place: Int) -> ArraySlice<UInt8> { bytes[range(distinct: dictionaryIndex(place))] }

  public mutating func append(_ text: some Sequence<UInt8>) {
    bytes.append(contentsOf: text)
    ends.append(Int32(clamping: bytes.count))
  }

  // MARK: Sorted texts: what each shares with the one before

  func encodeShared(into writer: inout ByteWriter) {
    var previous: ArraySlice<UInt8> = []
    for place in 0..<count {
      let text = self[place]
      if text.elementsEqual(previous) && place > 0 {
        writer.varint(0)
      } else {
        let shared = zip(text, previous).prefix { $0 == $1 }.count
        writer.count(shared + 1)
        writer.sized(text.dropFirst(shared))
      }
      previous = text
    }
  }

  static func decodeShared(
    _ reader: inout ByteReader, count: Int, textLimit: Int, totalLimit: Int
  ) throws(WireError) -> TextColumn {
    var column = TextColumn()
    // A copy of the text before: appending a slice of the column to itself would copy the whole column each time.
    var text: [UInt8] = []
    for place in 0..<count {
      let mark = try reader.count(limit: textLimit + 1, of: "shared bytes")
      guard mark > 0 || place > 0, mark <= text.count + 1 else {
        throw reader.error(.malformed, "a text shares more than there is")
      }
      if mark > 0 {
        text.removeSubrange((mark - 1)...)
        text.append(contentsOf: try reader.sized(limit: textLimit, of: "a key"))
      }
      guard text.count <= textLimit, text.count <= totalLimit - column.bytes.count else {
        throw reader.error(.tooLarge, "a key is too long, or all of them are")
      }
      column.append(text)
    }
    return column
  }

  // MARK: Other texts: as they are, or a dictionary

  func encode(into writer: inout ByteWriter) {
    var dictionary = TextDictionary(capacity: count)
    var numbers: [Int32] = []
    numbers.reserveCapacity(count)
    for place in 0..<count { numbers.append(dictionary.number(of: self[place])) }
    guard dictionary.texts.count <= count / 2 else {
      writer.byte(0)
      for place in 0..<count { writer.sized(self[place]) }
      return
    }
    writer.byte(1)
    writer.count(dictionary.texts.count)
    for place in 0..<dictionary.texts.count { writer.sized(dictionary.texts[place]) }
    for number in numbers { writer.count(Int(number)) }
  }

  static func decode(_ reader: inout ByteReader, count: Int) throws(WireError) -> TextColumn {
    switch try reader.byte() {
    case 0:
      return try decodePlain(&reader, count: count)
    case 1:
      let distinct = try reader.count(limit: count, of: "distinct texts")
      var column = try decodePlain(&reader, count: distinct)
      var indices: [Int32] = []
      indices.reserveCapacity(Swift.min(count, reader.remaining))
      for _ in 0..<count {
        let number = try reader.count(limit: Int(Int32.max), of: "texts")
        guard number < distinct else { throw reader.error(.malformed, "a text is not in the dictionary") }
        indices.append(Int32(number))
      }
      column.indices = indices
      return column
    default:
      throw reader.error(.unsupported, "texts are written in an unknown way")
    }
  }

  private static func decodePlain(_ reader: inout ByteReader, count: Int) throws(WireError) -> TextColumn {
    var column = TextColumn()
    for _ in 0..<count {
      column.bytes.append(contentsOf: try reader.sized(limit: WireLimits.cellBytes, of: "a cell"))
      column.ends.append(Int32(clamping: column.bytes.count))
    }
    return column
  }
}

/// Numbers distinct texts in order of appearance.
private struct TextDictionary {
  var texts = TextColumn()
  private var slots: [Int32]
  private let mask: Int
  private var last: Int32 = 0

  init(capacity: Int) {
    var size = 16
    while size < capacity * 2 { size *= 2 }
    slots = Array(repeating: 0, count: size)
    mask = size - 1
  }

  mutating func number(of text: ArraySlice<UInt8>) -> Int32 {
    // Most columns of a register hold the same text many times in a row.
    if last > 0, texts[Int(last - 1)].elementsEqual(text) { return last - 1 }
    // FNV-1a. Hostile texts can only slow down their own author, who is the one to encode.
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in text { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    var slot = Int(truncatingIfNeeded: hash ^ hash >> 32) & mask
    while slots[slot] != 0 {
      if texts[Int(slots[slot] - 1)].elementsEqual(text) {
        last = slots[slot]
        return last - 1
      }
      slot = (slot + 1) & mask
    }
    texts.append(text)
    last = Int32(clamping: texts.count)
    slots[slot] = last
    return last - 1
  }
}
