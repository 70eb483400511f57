/// What triggers captured of one record, folded in the order in which it was typed.
///
/// A capture is a mask: -1 for an insertion, 0 for a deletion, else one bit for each register that was edited.
public struct CapturedEdits: Sendable {
  /// The bit that marks an edit to be sealed although it confirms the value that is shown.
  public static let confirmation: Int64 = 1 << 62

  /// Registers edited since the last deletion or insertion, one bit each.
  public private(set) var edited: Int64 = 0
  /// Of these the registers that were edited more than once, so that they may hold again what they held before.
  public private(set) var repeated: Int64 = 0
  /// The wall time of the last edit of each register, in milliseconds since 1970.
  public private(set) var editedAt: [RegisterID: Int64] = [:]
  /// The wall time of the last insertion that no deletion followed, if any.
  public private(set) var insertedAt: Int64?
  /// The capture of the first deletion, which has the row's old values, and the wall time of the last one.
  public private(set) var deletion: (sequence: Int64, at: Int64)?
  /// Registers edited before the first deletion; all where a whole row was written over an existing one.
  public private(set) var editedBeforeDeletion: Int64 = 0
  public private(set) var lastAt: Int64 = 0

  public init() {}

  /// Adds the next capture.
  ///
  /// - Parameters:
  ///   - sequence: the number of the capture, by which a deletion's old values are found.
  ///   - time: the wall time of the capture, in milliseconds since 1970.
  public mutating func add(sequence: Int64, mask: Int64, at time: Int64) {
    lastAt = time
    switch mask {
    case -1:
      insertedAt = time
      edited = 0
      repeated = 0
      editedAt = [:]
    case 0:
      // What an insertion brought and a deletion took away was never seen by anybody.
      if deletion == nil { editedBeforeDeletion = insertedAt == nil ? edited : Int64.max }
      deletion = (deletion?.sequence ?? sequence, time)
      insertedAt = nil
      edited = 0
      repeated = 0
    default:
      repeated |= edited & mask
      edited |= mask
      // Not the latest time but that of the last edit: clocks step back.
      for register in RegisterID.all where mask & register.bit != 0 { editedAt[register] = time }
    }
  }

  /// True when the changes follow only from what was sealed before, which a row that was typed over has lost: of sets
  /// the elements added and removed, of rows written whole over others or after their deletion the fields that differ, and
  /// of fields edited twice whether they changed at all.
  public func needSealedValues(sets: Int64) -> Bool {
    if insertedAt != nil { return true }
    return deletion == nil ? repeated != 0 || edited & sets != 0 : editedBeforeDeletion != 0
  }

  /// True when the first deletion captured the row as it was sealed last, because nothing was edited before it.
  public var deletionHasSealedValues: Bool { deletion != nil && editedBeforeDeletion == 0 }

  /// True when a person decided a conflict by confirming the value that is shown.
  public var confirms: Bool { edited & Self.confirmation != 0 }

  /// The wall time of the last edit of a register, in milliseconds since 1970.
  public func time(of register: RegisterID) -> Int64 { editedAt[register] ?? lastAt }
}
