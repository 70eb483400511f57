import SyncCore
import TestSupport
import Testing

/// How much is put on a line that breaks.
@Suite struct LineSizeTests {
  @Test("A good line carries everything, and nothing is remembered of it")
  func good() {
    var size = LineSize()
    for _ in 0..<10 { size.messageArrived() }
    #expect(size.bytes == nil && size.answerLimit == Int.max && size.remembered(isTried: true) == nil)
  }

  @Test("After a message that broke the next ones are smaller, down to 8 KB, and then it gives up")
  func smaller() {
    var size = LineSize()
    var sizes: [Int] = []
    while size.messageBroke(), sizes.count < 100 { sizes.append(size.bytes ?? 0) }
    #expect(sizes.first == LineSize.first && sizes.last == LineSize.smallest)
    #expect(sizes == sizes.sorted(by: >))
    #expect(sizes.count < 12)
  }

  @Test("A message that breaks where others of its size arrived was not too large")
  func sameSize() {
    var size = LineSize()
    _ = size.messageBroke()
    for _ in 0..<1000 {
      size.messageArrived()
      size.messageArrived()
      #expect(size.messageBroke() && size.bytes == LineSize.first)
    }
  }

  /// Sends a message in parts over a line that cuts each connection after so many bytes.
  ///
  /// - Returns: bytes sent in all; nil where the message does not arrive.
  private func send(_ bytes: Int, cutAfter limit: Int, overhead: Int, _ size: inout LineSize) -> Int? {
    var (held, sent, connection) = (0, 0, 0)
    while held < bytes {
      let part = min(size.bytes ?? bytes, bytes - held)
      if connection + part + overhead <= limit {
        connection += part + overhead
        sent += part + overhead
        held += part
        size.messageArrived()
      } else {
        sent += limit - connection
        connection = 0
        guard size.messageBroke() else { return nil }
      }
    }
    return sent
  }

  @Test(
    "Whatever a connection carries beyond the smallest message, everything arrives, at not much more than twice its size"
  )
  func everythingArrives() throws {
    var random = SeededRandom(seed: 11)
    for _ in 0..<2000 {
      var size = LineSize(remembered: random.chance(50) ? nil : Int64(random.below(1 << 19)))
      let limit = LineSize.smallest + 1000 + random.below(400_000)
      let bytes = 1 + random.below(4 << 20)
      let sent = try #require(send(bytes, cutAfter: limit, overhead: 1000, &size), "\(limit) \(bytes)")
      #expect(sent < bytes * 5 / 2 + 4 * limit, "\(limit) \(bytes) \(sent)")
    }
  }

  @Test("A line that carries not even the smallest message ends the sync")
  func hopeless() {
    var size = LineSize()
    #expect(send(100_000, cutAfter: LineSize.smallest, overhead: 1000, &size) == nil)
  }

  @Test("The next sync begins where this one ended; a line that got better is trusted again, step by step")
  func remembered() {
    var size = LineSize()
    _ = size.messageBroke()
    var words = size.remembered(isTried: true)
    #expect(words == Int64(LineSize.first))
    for _ in 0..<10 { words = LineSize(remembered: words).remembered(isTried: true) }
    #expect(words == nil)
    #expect(LineSize(remembered: 32_768).remembered(isTried: false) == 32_768)
  }

  @Test("Whatever a file says of the line, it is used or ignored", arguments: [Int64.min, -1, 0, 1, 9_999_999, .max])
  func absurd(_ number: Int64) {
    let bytes = LineSize(remembered: number).bytes
    #expect(bytes == nil || (LineSize.smallest...LineSize.largest).contains(bytes ?? 0))
  }
}
