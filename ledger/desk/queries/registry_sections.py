"""What each list of the registry says, and where it stands in the books.

A section's SQL gives for every entry its `key`, its columns, the keys of what it names
(`contract_id` beside `contract`), its `subject` (entries of one subject are one thing's history),
and the marks of a dated fact. A section with a `centre_id` may be read by that centre.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType

from ledger.registry.codes import RegistrySection

Scalar = str | int | bool | Decimal | date | None
"""A value of a column."""

_FACT = """lower(f.valid) AS since, upper(f.valid) - 1 AS until, f.recorded_at, f.recorded_by,
    f.decision_id, f.superseded_at, f.superseded_by, f.superseded_decision_id"""
_LASTING = """NULL::timestamptz AS superseded_at, NULL AS superseded_by,
    NULL::bigint AS superseded_decision_id"""
_UNDATED = f"""NULL::date AS since, NULL::date AS until, f.recorded_at, f.recorded_by,
    NULL::bigint AS decision_id, {_LASTING}"""


@dataclass(frozen=True)
class SectionSource:
    """A section's columns in the order in which they are read, what it names, and its SQL.

    `names` are columns that name another section's entry; that one's key is in `<column>_id`.
    """

    columns: tuple[str, ...]
    sql: str
    names: tuple[str, ...] = ()
    of_centre: bool = False


NAMED_SECTIONS: Mapping[str, RegistrySection] = MappingProxyType(
    {
        "organisation": RegistrySection.ORGANISATIONS,
        "other": RegistrySection.ORGANISATIONS,
        "centre": RegistrySection.CENTRES,
        "cluster": RegistrySection.CLUSTERS,
        "model": RegistrySection.CATALOGUE,
        "project": RegistrySection.PROJECTS,
        "contract": RegistrySection.CONTRACTS,
    }
)
"""Whose entry a column names."""

_ORGANISATIONS = SectionSource(
    ("uscc", "name", "centres", "projects"),
    f"""SELECT f.id::text AS key, f.uscc, f.name, f.uscc AS subject, {_UNDATED},
        (SELECT string_agg(c.name, '、' ORDER BY c.name) FROM centres c
         WHERE c.organisation_id = f.id) AS centres,
        (SELECT string_agg(p.code, '、' ORDER BY p.code) FROM projects p
         WHERE p.organisation_id = f.id) AS projects
    FROM organisations f""",
)
_CENTRES = SectionSource(
    ("name", "organisation", "clusters", "simulated"),
    f"""SELECT f.id::text AS key, f.id AS centre_id, f.name, o.name AS organisation,
        f.organisation_id, f.simulated, f.name AS subject, {_UNDATED},
        (SELECT string_agg(k.name, '、' ORDER BY k.name) FROM clusters k
         WHERE k.centre_id = f.id) AS clusters
    FROM centres f JOIN organisations o ON o.id = f.organisation_id""",
    ("organisation",),
    of_centre=True,
)
_CLUSTERS = SectionSource(
    ("name", "centre", "source", "gpus"),
    f"""SELECT f.id::text AS key, f.name, c.name AS centre, f.centre_id, f.name AS subject,
        {_UNDATED}, b.source,
        (SELECT count(*) FROM gpus g WHERE g.cluster_id = f.id
            AND (g.retired_at IS NULL OR g.retired_at > :now)) AS gpus
    FROM clusters f JOIN centres c ON c.id = f.centre_id
    LEFT JOIN billing_sources b ON b.cluster_id = f.id AND b.superseded_at IS NULL
        AND b.valid @> CAST(:today AS date)""",
    ("centre",),
    of_centre=True,
)
_BILLING = SectionSource(
    ("cluster", "source"),
    f"""SELECT f.id::text AS key, k.name AS cluster, f.cluster_id, k.centre_id, f.source,
        k.name AS subject, {_FACT}
    FROM billing_sources f JOIN clusters k ON k.id = f.cluster_id""",
    ("cluster",),
    of_centre=True,
)
_WITNESSES = SectionSource(
    ("cluster", "required"),
    f"""SELECT f.id::text AS key, k.name AS cluster, f.cluster_id, k.centre_id, f.required,
        k.name AS subject, {_FACT}
    FROM witness_requirements f JOIN clusters k ON k.id = f.cluster_id""",
    ("cluster",),
    of_centre=True,
)
_GPUS = SectionSource(
    ("gpu", "cluster", "node"),
    f"""SELECT f.gpu AS key, f.gpu, k.name AS cluster, f.cluster_id, k.centre_id, f.node,
        f.gpu AS subject, (f.registered_from AT TIME ZONE interval '+08:00')::date AS since,
        ((f.retired_at - interval '1 us') AT TIME ZONE interval '+08:00')::date AS until,
        coalesce(f.changed_at, f.recorded_at) AS recorded_at,
        coalesce(f.changed_by, f.recorded_by) AS recorded_by, f.decision_id, {_LASTING}
    FROM gpus f JOIN clusters k ON k.id = f.cluster_id""",
    ("cluster",),
    of_centre=True,
)
_CATALOGUE = SectionSource(
    ("name", "devices"),
    f"""SELECT f.id::text AS key, f.name, f.name AS subject, {_UNDATED},
        (SELECT string_agg(concat_ws(' ', n.nvml_name, nullif(n.mig_profile, '')), '、'
                           ORDER BY n.nvml_name, n.mig_profile)
         FROM catalogue_names n WHERE n.model_id = f.id) AS devices
    FROM catalogue_models f""",
)
_PROJECTS = SectionSource(
    ("code", "name", "kind", "organisation", "drill"),
    f"""SELECT f.id::text AS key, f.code, f.name, f.kind, o.name AS organisation,
        f.organisation_id, f.drill, f.code AS subject, {_UNDATED}
    FROM projects f JOIN organisations o ON o.id = f.organisation_id""",
    ("organisation",),
)
_CONTRACTS = SectionSource(
    ("number", "project", "centre", "total_fen", "text_sha256"),
    """SELECT t.contract_id::text AS key, f.number, p.code AS project, f.project_id,
        c.name AS centre, f.centre_id, t.total_fen, f.text_sha256, f.number AS subject,
        lower(t.valid) AS since, upper(t.valid) - 1 AS until, t.recorded_at, t.recorded_by,
        t.decision_id, t.superseded_at, t.superseded_by, NULL::bigint AS superseded_decision_id
    FROM (SELECT id AS contract_id, valid, total_fen,
                 coalesce(changed_at, recorded_at) AS recorded_at,
                 coalesce(changed_by, recorded_by) AS recorded_by, decision_id,
                 NULL::timestamptz AS superseded_at, NULL AS superseded_by FROM contracts
          UNION ALL
          SELECT b.contract_id, b.valid, b.total_fen,
                 coalesce(lag(b.superseded_at) OVER before, k.recorded_at),
                 coalesce(lag(b.superseded_by) OVER before, k.recorded_by), NULL,
                 b.superseded_at, b.superseded_by
          FROM contract_terms b JOIN contracts k ON k.id = b.contract_id
          WINDOW before AS (PARTITION BY b.contract_id ORDER BY b.id)) t
    JOIN contracts f ON f.id = t.contract_id
    JOIN centres c ON c.id = f.centre_id JOIN projects p ON p.id = f.project_id""",
    ("project", "centre"),
    of_centre=True,
)
_PRICES = SectionSource(
    (
        "contract", "kind", "name", "model", "mig_profile", "partition", "qos", "market", "yuan",
        "unit", "gpus", "hours", "tax_included", "tax_rate", "rounding", "session_price",
        "quantity", "expires", "counts", "reserved",
    ),
    f"""SELECT f.id::text AS key, k.number AS contract, f.contract_id, k.centre_id, k.project_id,
        f.kind, f.name, m.name AS model, f.model_id,
        CASE f.mig_profile WHEN '' THEN 'whole' ELSE f.mig_profile END AS mig_profile,
        f.partition, f.qos, f.market, f.yuan, f.unit, f.gpus, f.hours, f.tax_included, f.tax_rate,
        f.rounding, f.session_price, f.quantity, f.expires, f.counts,
        array_to_string(f.devices, ' ') AS reserved,
        concat_ws('|', f.contract_id, f.kind, CASE f.kind WHEN 'metered' THEN '' ELSE f.name END,
            coalesce(f.model_id, 0), coalesce(f.mig_profile, '*'), coalesce(f.partition, '*'),
            coalesce(f.qos, '*'), coalesce(f.market, '*')) AS subject, {_FACT}
    FROM prices f JOIN contracts k ON k.id = f.contract_id
    LEFT JOIN catalogue_models m ON m.id = f.model_id""",
    ("contract", "model"),
    of_centre=True,
)  # fmt: skip
_BINDINGS = SectionSource(
    ("cluster", "holder_kind", "holder", "project", "market", "contract"),
    f"""SELECT f.id::text AS key, c.name AS cluster, f.cluster_id, c.centre_id, f.holder_kind,
        f.holder, p.code AS project, f.project_id, f.market, k.number AS contract, f.contract_id,
        concat_ws('|', f.cluster_id, f.holder_kind, f.holder) AS subject, {_FACT}
    FROM bindings f JOIN clusters c ON c.id = f.cluster_id JOIN projects p ON p.id = f.project_id
    LEFT JOIN contracts k ON k.id = f.contract_id""",
    ("cluster", "project", "contract"),
    of_centre=True,
)
_RELATIONS = SectionSource(
    ("kind", "organisation", "centre", "project", "other"),
    f"""SELECT f.id::text AS key, f.kind, o.name AS organisation, f.organisation_id,
        c.name AS centre, f.centre_id, p.code AS project, f.project_id, x.name AS other, f.other_id,
        concat_ws('|', f.kind, CASE f.kind WHEN 'payee' THEN 0 ELSE f.organisation_id END,
            coalesce(f.centre_id, f.project_id, f.other_id)) AS subject, {_FACT}
    FROM relations f JOIN organisations o ON o.id = f.organisation_id
    LEFT JOIN centres c ON c.id = f.centre_id LEFT JOIN projects p ON p.id = f.project_id
    LEFT JOIN organisations x ON x.id = f.other_id""",
    ("organisation", "centre", "project", "other"),
    of_centre=True,
)
_NAMES = SectionSource(
    ("organisation", "name"),
    f"""SELECT f.id::text AS key, o.uscc AS organisation, f.organisation_id, f.name,
        o.uscc AS subject, {_FACT}
    FROM organisation_names f JOIN organisations o ON o.id = f.organisation_id""",
    ("organisation",),
)
_CONTROLLERS = SectionSource(
    ("organisation", "role", "person", "id_tail"),
    f"""SELECT f.id::text AS key, o.name AS organisation, f.organisation_id, f.role, f.person,
        f.id_tail, concat_ws('|', f.organisation_id, f.role, f.person) AS subject, {_FACT}
    FROM controllers f JOIN organisations o ON o.id = f.organisation_id""",
    ("organisation",),
)
_PRICE_BANDS = SectionSource(
    ("model", "mig_profile", "low_yuan", "high_yuan"),
    f"""SELECT f.id::text AS key, m.name AS model, f.model_id,
        CASE f.mig_profile WHEN '' THEN 'whole' ELSE f.mig_profile END AS mig_profile,
        f.low_yuan, f.high_yuan, concat_ws('|', f.model_id, f.mig_profile) AS subject, {_FACT}
    FROM price_bands f JOIN catalogue_models m ON m.id = f.model_id""",
    ("model",),
)
_OTHER_SUPPORT = SectionSource(
    ("project", "contract", "programme", "fen"),
    f"""SELECT f.id::text AS key, p.code AS project, f.project_id, k.number AS contract,
        f.contract_id, f.programme, f.fen,
        concat_ws('|', f.project_id, coalesce(f.contract_id, 0), f.programme, lower(f.valid))
            AS subject, {_FACT}
    FROM other_support f JOIN projects p ON p.id = f.project_id
    LEFT JOIN contracts k ON k.id = f.contract_id""",
    ("project", "contract"),
)
_ASSIGNMENTS = SectionSource(
    ("number", "programme"),
    f"""SELECT f.id::text AS key, f.number, f.programme, f.number AS subject, {_UNDATED}
    FROM assignments f""",
)
# The last four figures, as everywhere to who may not read them whole.
_ACCOUNTS = SectionSource(
    ("organisation", "holder", "bank", "bank_code", "number"),
    """SELECT f.id::text AS key, o.name AS organisation, f.organisation_id, f.holder, f.bank,
        f.bank_code, repeat('*', length(f.number) - 4) || right(f.number, 4) AS number,
        o.uscc AS subject,
        NULL::date AS since, NULL::date AS until, f.confirmed_at AS recorded_at,
        d.decided_by AS recorded_by, f.decision_id, f.superseded_at, NULL AS superseded_by,
        NULL::bigint AS superseded_decision_id
    FROM bank_accounts f JOIN organisations o ON o.id = f.organisation_id
    JOIN decisions d ON d.id = f.decision_id""",
    ("organisation",),
)

SOURCES: Mapping[RegistrySection, SectionSource] = MappingProxyType(
    {
        RegistrySection.ORGANISATIONS: _ORGANISATIONS,
        RegistrySection.CENTRES: _CENTRES,
        RegistrySection.CLUSTERS: _CLUSTERS,
        RegistrySection.BILLING: _BILLING,
        RegistrySection.WITNESSES: _WITNESSES,
        RegistrySection.GPUS: _GPUS,
        RegistrySection.CATALOGUE: _CATALOGUE,
        RegistrySection.PROJECTS: _PROJECTS,
        RegistrySection.CONTRACTS: _CONTRACTS,
        RegistrySection.PRICES: _PRICES,
        RegistrySection.BINDINGS: _BINDINGS,
        RegistrySection.RELATIONS: _RELATIONS,
        RegistrySection.NAMES: _NAMES,
        RegistrySection.CONTROLLERS: _CONTROLLERS,
        RegistrySection.PRICE_BANDS: _PRICE_BANDS,
        RegistrySection.OTHER_SUPPORT: _OTHER_SUPPORT,
        RegistrySection.ASSIGNMENTS: _ASSIGNMENTS,
        RegistrySection.ACCOUNTS: _ACCOUNTS,
    }
)
