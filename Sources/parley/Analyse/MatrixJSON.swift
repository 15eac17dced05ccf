import ParleyAnalysis
import ParleyClient
import ParleyCore
import ParleyTerminal

extension MatrixSpeech {
    func json(sorted sort: MatrixSort) -> JSON {
        let critical = matrix.criticalEvidence(scoring)
        return [
            "assessment": .text(root.fullAddress), "analysts": .array(matrix.analysts.map(JSON.text)),
            "hypotheses": .array(matrix.ranking(scoring).map(json)),
            "evidence": .array(ordered(matrix.evidence, by: sort).map(json)),
            "indicators": .array(ordered(matrix.indicators, by: sort).map(json)),
            "critical": .array(
                critical.map { item in
                    [
                        "id": .text(item.evidence.name.fullAddress), "changesLead": .bool(item.changesLead),
                        "lead": .array(item.lead.map { .text($0.name.fullAddress) }),
                    ]
                }),
            "leftOut": .array(matrix.retired.map { .text($0.name.fullAddress) }),
        ]
    }

    func json(_ score: HypothesisScore) -> JSON {
        [
            "id": .text(score.hypothesis.name.fullAddress),
            "title": .text(score.hypothesis.headline(naming)), "place": .int(score.place),
            "against": .int(score.against), "score": .decimal(score.plain),
            "weighted": .decimal(score.weighted), "unrated": .int(score.unrated),
            "ratings": .object(
                Rating.allCases.map { JSONMember($0.rawValue, .int(score.tally[$0])) }),
        ]
    }

    private func json(_ row: MatrixRow) -> JSON {
        [
            "id": .text(row.record.name.fullAddress), "title": .text(row.record.headline(naming)),
            "weight": .decimal(row.weight.value),
            "unknown": .array(row.weight.unknown.map { .text($0.rawValue) }),
            "diagnosticity": .decimal(orNull: row.diagnosticity),
            "cells": .array(zip(matrix.hypotheses, row.cells).map(json)),
        ]
    }

    private func json(_ hypothesis: DossierRecord, _ cell: MatrixCell) -> JSON {
        [
            "hypothesis": .text(hypothesis.name.fullAddress),
            "consensus": .text(orNull: cell.consensus?.rawValue),
            "deviation": .decimal(cell.deviation), "dispute": .text(cell.dispute.rawValue),
            "ratings": .array(cell.ratings.map(json)),
        ]
    }

    private func json(_ rating: MatrixRating) -> JSON {
        [
            "analyst": .text(rating.analyst), "rating": .text(rating.rating.rawValue),
            "why": .text(orNull: rating.why),
        ]
    }

    func json(_ names: [String], _ differences: [MatrixDifference]) -> JSON {
        [
            "analysts": .array(
                names.map { name in
                    let own = Matrix(dossier, assessment: root.id, by: [name])
                    return [
                        "analyst": .text(name), "hypotheses": .array(own.ranking(scoring).map(json)),
                    ]
                }),
            "differences": .array(
                differences.map { difference in
                    [
                        "evidence": .text(difference.item.name.fullAddress),
                        "hypothesis": .text(difference.hypothesis.name.fullAddress),
                        "distance": .decimal(difference.distance),
                        "ratings": .array([json(difference.first), json(difference.second)]),
                    ]
                }),
        ]
    }
}
