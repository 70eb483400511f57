import Logging
import Store

/// What people at a node should hear of besides the sync itself, logged once for each change and not at every sync.
struct PersonalNews {
  private var clock: ClockReading?
  private var inbox = 0

  /// Logs what changed since the last call.
  mutating func tell(_ store: Store, _ logger: Logger) async {
    guard let (reading, count) = try? await offload({ (try store.clockReading(), try store.newInboxCount()) }) else {
      // Whatever is wrong with the file, the sync has told it.
      return
    }
    if reading.isNews(after: clock) {
      if let warning = reading.warning {
        logger.warning("\(warning)")
      } else {
        logger.notice("this machine's clock is right again")
      }
    }
    clock = reading
    if count > inbox {
      logger.notice("there is news of edits typed here: see `birlik inbox`", metadata: ["count": "\(count)"])
    }
    inbox = count
  }
}
