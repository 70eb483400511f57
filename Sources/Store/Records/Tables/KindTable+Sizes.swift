import SyncCore
import Wire

/// How many bytes one change takes in a segment at most, and how a large one is cut.
extension KindTable {
  /// Bytes of one piece of a change. Of what one record may hold no register takes more.
  static let pieceLimit = 1 << 20

  func sizeLimit(of change: Change) -> Int {
    change.registers.reduce(KindBlock.sizeLimit(of: change.key)) { $0 + sizeLimit(of: $1) }
  }

  func sizeLimit(of register: RegisterContent) -> Int {
    KindBlock.sizeLimit(of: register, fieldCount: self.register(register.key.id)?.fields.count ?? 1)
  }

  /// Bytes that the insertion of a row takes.
  func sizeLimit(of key: RecordKey, _ row: ShownRow) -> Int {
    var size = KindBlock.sizeLimit(of: key)
    for (index, value) in row.values.enumerated() where !value.isNull {
      if fields[index].type == .set, case .text(let json) = value {
        size += elements(json).reduce(8) { $0 + KindBlock.sizeLimit(ofElement: $1) }
      } else {
        size += KindBlock.sizeLimit(of: value)
      }
    }
    return size
  }

  /// The change in pieces of which each fits into a segment.
  func pieces(of change: Change) -> [Change] {
    change.pieces(limit: Self.pieceLimit) { sizeLimit(of: $0) }
  }
}

extension ShownRow {
  /// Bytes of all texts together.
  var textBytes: Int { values.reduce(0) { $0 + $1.textBytes } }
}

extension Value {
  var textBytes: Int { if case .text(let text) = self { text.count } else { 0 } }
}
