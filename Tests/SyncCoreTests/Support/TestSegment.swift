import SyncCore

/// A sealed segment as tests move it: header, hash, content, and the truth about what its author held.
struct TestSegment: Sendable {
  var header: SegmentHeader
  var hash: Digest
  var changes: [Change]
  /// The segments that the author's store really held when it sealed. Only the oracle reads it.
  var truth: Set<Digest>

  init(_ header: SegmentHeader, _ changes: [Change], truth: Set<Digest>) {
    self.header = header
    self.changes = changes
    self.truth = truth
    hash = Self.hash(header, changes)
  }

  /// A deterministic mixing of header and content into 256 bits, in place of SHA-256.
  static func hash(_ header: SegmentHeader, _ changes: [Change]) -> Digest {
    var mixer = Mixer()
    mixer.add(header.origin)
    mixer.add(header.channel.owner.utf8)
    mixer.add(UInt64(header.channel.audience.rawValue))
    mixer.add(header.first)
    mixer.add(header.predecessor)
    mixer.add(header.sealedAt)
    for tip in header.context {
      mixer.add(tip.origin)
      mixer.add(tip.sequence)
      mixer.add(tip.hash)
    }
    for change in changes {
      mixer.add(UInt64(change.kind.number) << 8 | UInt64(change.operation.rawValue))
      mixer.add(change.key.bytes)
      mixer.add(change.time)
      mixer.add(change.captured)
      for register in change.registers {
        mixer.add(UInt64(register.key.id.number))
        if let element = register.key.element { mixer.add(element) }
        mixer.add(register.content)
      }
    }
    return mixer.digest
  }
}

/// Four lanes in the manner of FNV-1a, each with its own constants.
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
    for byte in bytes { add(UInt64(byte)) }
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

  mutating func add(_ content: Content) {
    for cell in content.cells {
      add(UInt64(cell.field.number))
      switch cell.value {
      case .null: add(UInt64(0))
      case .integer(let number): add(number)
      case .text(let bytes): add(bytes)
      }
    }
    add(UInt64.max)
  }

  var digest: Digest { Digest(lanes.0, lanes.1, lanes.2, lanes.3) }
}
