package import ParleyCore

/// What is known of a record beyond its registers; whoever loads a dossier supplies it.
package struct RecordFacts: Equatable, Sendable {
    /// When the first change that touched the record was made, and whose it is.
    package var created: Instant
    package var author: String?
    /// The same of the newest change.
    package var changed: Instant
    package var changedBy: String?
    /// Values set aside, which nobody has looked at.
    package var review: Int
    /// Markings set aside by later writes whose authors had not seen them: the strictest holds (TLP).
    package var unseenMarkings: [String]

    package init(
        created: Instant, author: String? = nil, changed: Instant? = nil, changedBy: String? = nil,
        review: Int = 0, unseenMarkings: [String] = []
    ) {
        self.created = created
        self.author = author
        self.changed = changed ?? created
        self.changedBy = changedBy ?? author
        self.review = review
        self.unseenMarkings = unseenMarkings
    }

    /// Of a record of which nobody said anything.
    static let unknown = RecordFacts(created: Instant(milliseconds: 0))
}
