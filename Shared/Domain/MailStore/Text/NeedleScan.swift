// SPDX-License-Identifier: Apache-2.0

/// Looks for needles in a message that is walked through.
struct NeedleScan: TextSink {
    typealias Sought = SearchPlan.Sought

    private(set) var found: Set<Sought> = []
    private var inFields: [Sought]
    private var inContent: [Sought]
    /// Content that was not looked through, behind the end of what was.
    private var window: [UInt8] = []
    /// Bytes of the longest needle but one: what stays in the window.
    private let overlap: Int

    init(for sought: some Sequence<Sought>) {
        inFields = sought.filter { $0.place != .content }
        inContent = sought.filter { $0.place == .content || $0.place == .anywhere }
        overlap = (inContent.map(\.bytes.count).max() ?? 0) - 1
    }

    var wantsFields: Bool { !inFields.isEmpty }
    var wantsContent: Bool { !inContent.isEmpty }

    mutating func field(_ line: [UInt8]) {
        note(inFields.filter { MessageText.holds($0, header: line, content: []) })
    }

    mutating func content(_ folded: [UInt8]) {
        window += folded
        if window.count >= max(64 * 1024, overlap * 2) { look() }
    }

    mutating func isCut() {}

    mutating func end() { look() }

    private mutating func look() {
        note(window.withUnsafeBytes { window in inContent.filter { TextFolding.contains(window, $0.bytes) } })
        window = Array(window.suffix(max(0, overlap)))
    }

    private mutating func note(_ new: [Sought]) {
        guard !new.isEmpty else { return }
        found.formUnion(new)
        inFields.removeAll(where: found.contains)
        inContent.removeAll(where: found.contains)
    }
}
