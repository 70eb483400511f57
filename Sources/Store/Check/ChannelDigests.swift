import Algorithms
import Crypto
import SyncCore
import Wire

/// The hashes by which two nodes compare what they hold.
struct ChannelDigests {
  private let transaction: Transaction

  init(_ transaction: Transaction) { self.transaction = transaction }

  /// The hash of all heads of each channel, with changes named as they are everywhere: origin, sequence, segment.
  func all() throws -> [Channel: String] {
    let segments = try transaction.log.ends()
    let origins = transaction.log.streams.streams.map(\.origin.bytes)
    func name(_ clock: Clock, into writer: inout ByteWriter) {
      writer.raw(origins.indices.contains(clock.stream.number) ? origins[clock.stream.number] : [])
      writer.varint(UInt64(clamping: clock.sequence))
      let held = segments[clock.stream] ?? []
      let place = held.partitioningIndex { $0.last >= clock.sequence }
      if place < held.count { writer.raw(held[place].hash) }
    }
    func names(_ clocks: [Clock], into writer: inout ByteWriter) {
      var all: [[UInt8]] = []
      for clock in clocks {
        var one = ByteWriter()
        name(clock, into: &one)
        all.append(one.bytes)
      }
      writer.count(all.count)
      for bytes in all.sorted(by: { $0.lexicographicallyPrecedes($1) }) { writer.sized(bytes) }
    }
    var hashers: [ChannelNumber: SHA256] = [:]
    try transaction.heads.each { place, stored in
      let state = try StateCodec.decodeClocks(stored)
      var writer = ByteWriter()
      writer.id(place.kind)
      writer.sized(place.key.bytes)
      names(state.rows.map(\.clock), into: &writer)
      writer.count(state.registers.count)
      for (key, registerHeads) in state.registers.sorted(by: { $0.key < $1.key }) {
        writer.id(key.id)
        writer.sized(key.element ?? [])
        names(registerHeads.map(\.clock), into: &writer)
      }
      names(state.deletions.map(\.clock), into: &writer)
      hashers[place.channel, default: SHA256()].update(data: writer.bytes)
    }
    var digests: [Channel: String] = [:]
    for (number, hasher) in hashers {
      if let channel = transaction.directory.channel(number) { digests[channel] = Hex.string(Array(hasher.finalize())) }
    }
    return digests
  }
}
