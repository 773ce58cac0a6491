// SPDX-License-Identifier: Apache-2.0
import MailFormat

/// What is done with the searched text of a message.
protocol TextSink {
    /// A field of the message's own header, folded: `subject: monthly report`.
    mutating func field(_ line: [UInt8])
    /// More of the content, folded: texts of all text parts, of attached messages too, and file names.
    mutating func content(_ folded: [UInt8])
    /// There is more of a part than the walk takes.
    mutating func isCut()
    /// That was all.
    mutating func end()
    var wantsFields: Bool { get }
    var wantsContent: Bool { get }
}

/// Goes through the searched text of a message in pieces, so that none of it need be in memory whole: `wanted` says which
/// bytes come next, `take` takes the first of them, as many as are at hand.
struct TextWalk<Sink: TextSink> {
    private enum Step {
        case words(String)
        case header(Range<Int>, isOwn: Bool)
        case body(MIMEPart)
    }

    private(set) var sink: Sink
    /// Nil: the walk is over.
    private(set) var wanted: Range<Int>?
    private var steps: [Step]
    private var next = 0
    private let size: Int
    private let partBytes: Int
    private var fields = FieldPieces()
    private var isOwnHeader = false
    private var body: BodyText?
    private var folding = FoldedStream()

    /// - Parameters:
    ///   - size: of the message, bytes.
    ///   - partBytes: encoded bytes that are taken of a part.
    init(_ root: MIMEPart, size: Int, partBytes: Int, _ sink: Sink) {
        self.sink = sink
        self.size = size
        self.partBytes = partBytes
        steps = [.header(root.header, isOwn: true)]
        gather(root, depth: 0)
        advance()
    }

    private mutating func gather(_ part: MIMEPart, depth: Int) {
        if depth > 0, let name = part.fileName { steps.append(.words(name)) }
        for child in part.children {
            // The header of an attached message is text of the message that it is attached to.
            if part.isMessage { steps.append(.header(child.header, isOwn: false)) }
            gather(child, depth: depth + 1)
        }
        if part.children.isEmpty, part.mainType == "text" { steps.append(.body(part)) }
    }

    /// `bytes` are the first of those that are wanted, one at least.
    mutating func take(_ bytes: ArraySlice<UInt8>) {
        guard let range = wanted else { return }
        let isLast = bytes.count >= range.count
        wanted = isLast ? nil : range.dropFirst(bytes.count)
        if body != nil {
            sink.content(folding.add(body?.take(bytes, isLast: isLast) ?? []))
            if isLast { sink.content(folding.endOfText()) }
        } else {
            for field in fields.take(bytes, isLast: isLast) { take(field) }
        }
        if !(isOwnHeader ? sink.wantsFields : sink.wantsContent) { wanted = nil }
        if wanted == nil { advance() }
    }

    private mutating func take(_ field: FieldPieces.Field) {
        let text = field.name + ": " + field.value
        if isOwnHeader { sink.field(TextFolding.fold(text)) } else { words(text) }
    }

    private mutating func words(_ text: String) {
        sink.content(folding.add(Array(text.utf8)))
        sink.content(folding.endOfText())
    }

    private mutating func advance() {
        while next < steps.count {
            let step = steps[next]
            next += 1
            switch step {
            case .header(let range, let isOwn):
                guard isOwn ? sink.wantsFields : sink.wantsContent else { continue }
                (fields, isOwnHeader, body) = (FieldPieces(), isOwn, nil)
                wanted = range.clamped(to: 0..<size)
            case .words(let text): if sink.wantsContent { words(text) }
            case .body(let part):
                guard sink.wantsContent else { continue }
                (isOwnHeader, body) = (false, BodyText(part))
                if part.body.count > partBytes { sink.isCut() }
                wanted = part.body.clamped(to: 0..<size).prefix(partBytes)
            }
            if wanted?.isEmpty == false { return }
        }
        wanted = nil
        sink.end()
    }
}
