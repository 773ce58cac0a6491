// SPDX-License-Identifier: Apache-2.0

import SMTPGrammar

/// DATA and BDAT: how a message's octets come in.
extension Session {
    mutating func data() -> [Action] {
        guard let transaction, !transaction.isReceiving else {
            return [send(Reply.outOfOrder(transaction == nil ? "MAIL comes before DATA" : "BDAT has begun"))]
        }
        guard !transaction.recipients.isEmpty else { return [send(Reply.noRecipients)] }
        self.transaction?.begin()
        phase = .data
        return [
            .send(SMTPReply(354, "End the message with <CRLF>.<CRLF>")), .expectData(limit: limits.messageSize),
        ]
    }

    mutating func dataEnded(_ flaws: ContentFlaws) -> [Action] {
        phase = .command
        transaction?.flaws.formUnion(flaws)
        return finish()
    }

    /// The octets of a chunk come whatever we think of it (RFC 3030 section 2), so a refusal waits for their end.
    mutating func chunk(size: Int, last: Bool) -> [Action] {
        var refusal: SMTPReply?
        if transaction == nil {
            refusal = Reply.outOfOrder("MAIL comes before BDAT")
        } else if transaction?.recipients.isEmpty == true {
            refusal = Reply.noRecipients
        } else {
            transaction?.begin()
        }
        phase = .chunk(size: size, last: last, refusal: refusal)
        return [.expectChunk(size: size)]
    }

    mutating func chunkEnded(size: Int, last: Bool, refusal: SMTPReply?) -> [Action] {
        phase = .command
        if let refusal { return [send(refusal)] }
        if last {
            transaction?.finishChunks()
            return finish()
        }
        if let reply = transaction?.refusal {
            // The client learns it now; further chunks of this message are out of order.
            transaction = nil
            return [send(reply)]
        }
        return [.send(SMTPReply(250, EnhancedStatusCode(2, 0, 0), "\(size) octets received"))]
    }

    private mutating func finish() -> [Action] {
        guard var transaction, let greeting else { return [send(Reply.outOfOrder("MAIL comes first"))] }
        if let reply = transaction.refusal {
            self.transaction = nil
            return [send(reply)]
        }
        phase = .waiting
        // The machine lets go: the octets have one owner, and their lease ends with the message.
        self.transaction = nil
        let content = FinishedMessage.Content(transaction.takeContent())
        return [
            .accept(
                FinishedMessage(
                    role: role, login: login, clientName: greeting.name, isExtended: greeting.extended, isTLS: isTLS,
                    content: content, transaction: transaction))
        ]
    }
}
