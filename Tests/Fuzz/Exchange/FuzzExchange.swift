import SyncCore
import Wire

/// Whatever the decoders of the exchange read has to be written and read again as the same message.
///
/// The first byte chooses the message.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzExchange(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let choice = bytes.first else { return 0 }
  let rest = Array(bytes.dropFirst())
  switch choice {
  case 0:
    guard let request = try? ExchangeRequest(bytes: rest) else { return 0 }
    precondition((try? ExchangeRequest(bytes: request.bytes)) == request, "a request reads otherwise")
  case 1:
    guard let answer = try? ExchangeAnswer(bytes: rest) else { return 0 }
    precondition((try? ExchangeAnswer(bytes: answer.bytes)) == answer, "an answer reads otherwise")
  case 2: _ = try? PublishedCatalog(stored: rest)
  case 3: _ = try? JoinRequest(bytes: rest)
  case 4: _ = try? JoinAnswer(bytes: rest)
  case 5: _ = try? SnapshotRequest(bytes: rest)
  case 6: _ = try? SnapshotAnswer(bytes: rest)
  case 7:
    guard let page = try? SnapshotPage(content: rest) else { return 0 }
    precondition((try? SnapshotPage(content: page.content)) == page, "a page of a snapshot reads otherwise")
  default: _ = try? PrunedSegment(bytes: rest)
  }
  return 0
}
