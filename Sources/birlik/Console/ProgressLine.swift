/// A progress line on standard error, rewritten in place; nothing if standard error is no terminal.
final class ProgressLine {
  private let isShown = Terminal.isTerminal(Terminal.error)
  private var shownAt = ContinuousClock.now - .seconds(1)
  private var isDirty = false

  /// - Parameter text: called only when the line is due to be rewritten.
  func show(_ text: () -> String) {
    let now = ContinuousClock.now
    guard isShown, now - shownAt > .milliseconds(100) else { return }
    shownAt = now
    isDirty = true
    StandardError.raw("\r\u{1B}[K" + Terminal.plain(text()))
  }

  /// `██████░░░░ 60 %`
  static func bar(_ done: Int, of all: Int) -> String {
    let width = 30
    let share = all > 0 ? min(1, Double(done) / Double(all)) : 0
    let full = Int(share * Double(width))
    return String(repeating: "█", count: full) + String(repeating: "░", count: width - full) + " \(Int(share * 100)) %"
  }

  func clear() {
    if isDirty { StandardError.raw("\r\u{1B}[K") }
    isDirty = false
  }
}
