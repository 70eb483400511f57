import SyncCore
import Wire

/// Whatever the segment decoder reads has to be written and read again as the same changes.
///
/// The first byte chooses: 255 for a whole segment, anything else for the body behind hash and signature, where only an
/// author who can sign arrives, with that many changes announced.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSegment(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: start, count: count))
  guard let choice = bytes.first else { return 0 }
  let rest = Array(bytes.dropFirst())
  if choice == 255 {
    _ = try? Segment(bytes: rest).blocks()
  } else if let blocks = try? Segment.blocks(in: rest, count: Int(choice)) {
    let changes = blocks.flatMap(\.changes)
    precondition(changes.count == Int(choice), "another number of changes than announced")
    let again = try? Segment.blocks(in: Segment.body(of: blocks), count: Int(choice))
    precondition(again?.flatMap(\.changes) == changes, "written again it says something else")
  }
  return 0
}
