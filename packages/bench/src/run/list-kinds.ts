import type { ListRequest } from "../client/job.js";

/** Each kind of list and filter that the contract has, by the name of its work. */
export const listKinds: Readonly<Record<string, ListRequest>> = {
  "first-page": list("", ""),
  "largest-page": { ...list("", ""), pageSize: 1000 },
  "order-name": list("", "name"),
  "order-email": list("", "email desc"),
  "order-age": list("", "age"),
  "order-updated": list("", "updated_at desc"),
  "order-two": list("", "department, age desc"),
  "by-id": list('id="5f3c9d1e-7a2b-4c8d-9e0f-000000000007"', ""),
  "by-email": list("email=alice777777@example.com", ""),
  "by-name": list('name="Alice Example 777777"', ""),
  "name-begins": list('name="Alice Example 77*"', ""),
  "name-has": list("name=*777*", ""),
  "email-ends": list('email="*77@example.com"', ""),
  department: list("department=SALES", ""),
  "department-and-age": list("department=ENGINEERING AND age>30", "age desc"),
  "age-range": list("age>=40 AND age<41", "name"),
  "created-after": list("created_at>2020-01-01T00:00:00Z", "created_at desc"),
  role: list("roles:editor", ""),
  "role-none": list("roles:nobody", ""),
  not: list("NOT (department=SALES OR roles:nobody)", "email"),
  // No index serves this one, and nobody matches it: every user must be looked at.
  none: list('name="*nobody*" OR email="*nowhere"', "name desc"),
};

function list(filter: string, orderBy: string): ListRequest {
  return { filter, orderBy, pageSize: 50 };
}
