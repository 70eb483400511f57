import SyncCore

/// A deterministic mixing of words into 256 bits, in place of SHA-256: four lanes in the manner of FNV-1a.
struct Mixer {
  private var lanes: (UInt64, UInt64, UInt64, UInt64) = (
    0xCBF2_9CE4_8422_2325, 0x8422_2325_CBF2_9CE4, 0x2545_F491_4F6C_DD1D, 0xD6E8_FEB8_6659_FD93
  )

  mutating func add(_ word: UInt64) {
    lanes.0 = Self.mixed(lanes.0 ^ word, 0x0000_0100_0000_01B3)
    lanes.1 = Self.mixed(lanes.1 ^ word, 0xBF58_476D_1CE4_E5B9)
    lanes.2 = Self.mixed(lanes.2 ^ word, 0x94D0_49BB_1331_11EB)
    lanes.3 = Self.mixed(lanes.3 ^ word, 0xFF51_AFD7_ED55_8CCD)
  }

  private static func mixed(_ lane: UInt64, _ factor: UInt64) -> UInt64 {
    let product = lane &* factor
    return product ^ (product >> 32)
  }

  mutating func add(_ number: Int64) { add(UInt64(bitPattern: number)) }

  mutating func add(_ bytes: some Collection<UInt8>) {
    add(UInt64(bytes.count))
    var word: UInt64 = 0
    for (index, byte) in bytes.enumerated() {
      word = word << 8 | UInt64(byte)
      if index & 7 == 7 { add(word) }
    }
    add(word)
  }

  mutating func add(_ origin: Origin) {
    add(origin.node.high)
    add(origin.node.low)
    add(origin.nonce)
  }

  mutating func add(_ digest: Digest) {
    add(digest.words.0)
    add(digest.words.1)
    add(digest.words.2)
    add(digest.words.3)
  }

  mutating func add(_ value: Value) {
    switch value {
    case .null: add(UInt64(0))
    case .integer(let number): add(number)
    case .text(let bytes): add(bytes)
    }
  }

  mutating func add(_ header: SegmentHeader) {
    add(header.origin)
    add(header.channel.owner.utf8)
    add(UInt64(header.channel.audience.rawValue))
    add(header.first)
    add(UInt64(header.count))
    add(header.predecessor)
    add(header.sealedAt)
    add(UInt64(header.catalogVersion))
    for tip in header.context {
      add(tip.origin)
      add(tip.sequence)
      add(tip.hash)
    }
  }

  mutating func add(_ change: Change) {
    add(UInt64(change.kind.number) << 8 | UInt64(change.operation.rawValue))
    add(change.key.bytes)
    add(change.time)
    add(change.captured)
    for register in change.registers {
      add(UInt64(register.key.id.number))
      if let element = register.key.element { add(element) }
      for cell in register.content.cells {
        add(UInt64(cell.field.number))
        add(cell.value)
      }
      add(UInt64.max)
    }
  }

  var digest: Digest { Digest(lanes.0, lanes.1, lanes.2, lanes.3) }
}
