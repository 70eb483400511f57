import Limits
import SyncCore

/// How large a segment's body becomes, known before it is written: whoever seals ends a segment in time.
///
/// Each is the most that its part can take, so the sum of them is never too small.
extension KindBlock {
  /// Bytes that a new block takes beside its changes, its columns' names included.
  public static let sizeLimit = 64 + 12 * WireLimits.columnsPerKind

  /// Bytes that a change takes without its values.
  public static func sizeLimit(of key: RecordKey) -> Int {
    // Times and marks, and for each column of the key two lengths.
    32 + key.bytes.count + 6 * WireLimits.keyColumns
  }

  /// Bytes that one value takes.
  public static func sizeLimit(of value: Value) -> Int {
    // Four are for its state, which may differ from those before and after it.
    switch value {
    case .null: 4
    case .integer(let number):
      5 + (UInt64.bitWidth - UInt64(bitPattern: number &<< 1 ^ number &>> 63).leadingZeroBitCount) / 7
    case .text(let text): 9 + text.count
    }
  }

  /// Bytes that one element of a set takes.
  public static func sizeLimit(ofElement text: [UInt8]) -> Int { 8 + text.count }

  /// Bytes that the content of one register takes.
  ///
  /// - Parameter fieldCount: how many fields the register has; those that are empty travel as NULL.
  public static func sizeLimit(of register: RegisterContent, fieldCount: Int) -> Int {
    if let element = register.key.element { return sizeLimit(ofElement: element) }
    let empty = max(0, fieldCount - register.content.cells.count) * sizeLimit(of: .null)
    return register.content.cells.reduce(empty) { $0 + sizeLimit(of: $1.value) }
  }
}
